import { z } from 'zod'
import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import type { Entries } from './entries.ts'
import { type TableReport, tableReportSchema } from './model.ts'

/** The directory of the details, beside the report. */
const DETAILS = 'details'

/** The key of the document with all that one database has. @param place of the database in the task’s list, from 0 */
export function detailsKey(run: RunIdentity, place: number): string {
  return artefactKey(run, `${DETAILS}/${String(place + 1).padStart(4, '0')}.jsonl`)
}

/**
 * Its lines, each with its line feed: the first tells whose they are, every other has one table, object, sequence or event, in the form
 * that report.json has them in.
 */
export async function* detailsLines(
  of: { readonly run: string; readonly execution: string; readonly database: string },
  parts: AsyncIterable<Entries>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ version: 1, ...of })}\n`
  for await (const { tables, objects, sequences, events } of parts) {
    const lines = [
      ...tables.map((table) => ({ table })),
      ...objects.map((object) => ({ object })),
      ...sequences.map((sequence) => ({ sequence })),
      ...events.map((event) => ({ event })),
    ]
    yield lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  }
}

/** All tables of the details; none where there is no such document. */
export async function readTables(store: ArtefactStore, key: string): Promise<TableReport[]> {
  const lines = ((await store.read(key)) ?? '').split('\n')
  return lines
    .filter((line) => line.startsWith('{"table":'))
    .map((line) => z.object({ table: tableReportSchema }).parse(JSON.parse(line)).table)
}
