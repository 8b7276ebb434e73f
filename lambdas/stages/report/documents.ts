import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { reportPage } from './html/page.ts'
import { type Report, reportSchema } from './model.ts'

/** Writes both forms of the report; an earlier one of the execution is replaced. */
export async function writeReport(store: ArtefactStore, run: RunIdentity, report: Report): Promise<void> {
  await store.write(artefactKey(run, 'report.json'), `${JSON.stringify(report, null, 2)}\n`, 'application/json')
  await store.write(artefactKey(run, 'report.html'), reportPage(report), 'text/html; charset=utf-8')
}

/** The execution's report as it was written, `null` where there is none, or none that this version can read. */
export async function readReport(store: ArtefactStore, run: RunIdentity): Promise<Report | null> {
  const text = await store.read(artefactKey(run, 'report.json'))
  if (text === null) return null
  const parsed = reportSchema.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : null
}
