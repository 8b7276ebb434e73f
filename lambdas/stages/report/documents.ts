import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { reportPage } from './html/page.ts'
import { type Report, reportSchema } from './model.ts'

/** Writes both forms of the report; an earlier one of the execution is replaced. */
export async function writeReport(store: ArtefactStore, run: RunIdentity, report: Report): Promise<void> {
  await store.write(artefactKey(run, 'report.json'), reportText(report), 'application/json')
  await store.write(artefactKey(run, 'report.html'), reportPage(report), 'text/html; charset=utf-8')
}

/** A line for each table, object, sequence and event: as small as JSON is, and yet to be read and searched by people. */
function reportText(report: Report): string {
  return `${written(report, 0)}\n`
}

/** As far down as a database's lists and its totals there is a line for each field; what lies deeper stands on one. */
function written(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null || depth > 3 || Object.keys(value).length === 0)
    return JSON.stringify(value)
  const inner = '  '.repeat(depth + 1)
  const fields = Array.isArray(value)
    ? value.map((item) => written(item, depth + 1))
    : Object.entries(value).flatMap(([name, field]) =>
        field === undefined ? [] : [`${JSON.stringify(name)}: ${written(field, depth + 1)}`],
      )
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${fields.map((field) => inner + field).join(',\n')}\n${'  '.repeat(depth)}${close}`
}

/** The execution's report as it was written, `null` where there is none, or none that this version can read. */
export async function readReport(store: ArtefactStore, run: RunIdentity): Promise<Report | null> {
  const text = await store.read(artefactKey(run, 'report.json'))
  if (text === null) return null
  const parsed = reportSchema.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : null
}
