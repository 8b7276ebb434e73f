/** One line of a section: a label of at most ten characters, and what is to be said. */
export function line(label: string, text: string): string {
  return `  ${label.padEnd(10)}  ${text}`
}
