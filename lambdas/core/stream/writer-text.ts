/** A process of the source, as it is told to whoever is to end its transaction. @param since when that began, as the server writes it */
export function writerText({ pid, since }: { readonly pid: number; readonly since: string | null }): string {
  return `process ${pid}${since === null ? '' : `, in a transaction since ${since}`}`
}
