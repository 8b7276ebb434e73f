import { readStood } from '../../../core/ledger/objects/sequences.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { Standing } from './ahead.ts'
import { readSequences } from './values.ts'

/** Where each sequence of the run stands now, and stood when rows were read; with what kept it from being read. */
export async function readStandings(
  source: Session,
  destination: Session,
  run: string,
): Promise<(Standing & { readonly error: string | null })[]> {
  const sequences = await readStood(destination, run)
  const [readings, files] = await Promise.all([
    readSequences(source, sequences),
    source.rows<{ schema: string; name: string; file: string }>(
      `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relfilenode::text AS file
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S'`,
    ),
  ])
  const fileOf = new Map(files.map(({ schema, name, file }) => [quoteQualified(schema, name), file]))
  return sequences.map((sequence, index) => {
    const reading = readings[index]
    const file = fileOf.get(quoteQualified(sequence.schema, sequence.name)) ?? null
    const live = reading && 'lastValue' in reading ? reading : null
    // One that is there and cannot be read is no dropped one: the view's value does not stand in for it.
    const inView = live === null && file !== null ? null : sequence.inView
    return { ...sequence, inView, live, file, error: reading && 'error' in reading ? reading.error : null }
  })
}
