import { artefactKey } from '../lambdas/core/cloud/artefact-key.ts'
import { isRecord } from '../lambdas/core/task/rule.ts'

interface Run {
  readonly id: string
  readonly execution: string
}

/** The page as a copy of it in the directory of --out: its links lead to what lies beside the page itself. */
export function pageForOut(page: string, run: Run): string {
  return page.replace('<head>', `<head>\n<base href="${encodeURI(artefactKey(run, ''))}">`)
}

/** Keys of what a report of much has beside it, as report.json names them; nothing of what is not of this run. */
export function detailsOf(report: string, run: Run): readonly string[] {
  const parsed: unknown = JSON.parse(report)
  const databases: readonly unknown[] = isRecord(parsed) && Array.isArray(parsed.databases) ? parsed.databases : []
  return databases.flatMap((database) => {
    const details = isRecord(database) ? database.details : null
    return typeof details === 'string' && details.startsWith(artefactKey(run, '')) ? [details] : []
  })
}
