import { type NotedSequence, readUnnoted, storeNoted } from '../ledger/objects/sequences.ts'
import type { Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import { toSampanError } from '../runtime/errors.ts'

/** Sequences of one statement: each of them is locked until the statement's values are there. */
const BATCH = 500

/**
 * Keeps where the sequences stand while rows are read by a view. The first lane that reads by it does so, for all.
 * @param source in the view; its values are live nevertheless: a sequence knows no transactions
 */
export async function noteSequences(
  source: Session,
  destination: Session,
  run: string,
  generation: number,
): Promise<void> {
  const wanted = await readUnnoted(destination, run, generation)
  if (wanted.length === 0) return
  const keys = new Set(wanted.map(({ schema, name }) => quoteQualified(schema, name)))
  // One that was dropped since the view has no rights any more.
  const found = await source.rows<Omit<NotedSequence, 'lastValue' | 'isCalled'>>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relfilenode::text AS file
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'S' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')`,
  )
  const sequences = found.filter(({ schema, name }) => keys.has(quoteQualified(schema, name)))
  const noted: NotedSequence[] = []
  for (let from = 0; from < sequences.length; from += BATCH) {
    noted.push(...(await readBatch(source, sequences.slice(from, from + BATCH))))
  }
  await storeNoted(destination, run, generation, noted)
}

/**
 * The values, read inside the view's transaction without its locks staying there. Where one of them is renamed or dropped at
 * that moment the others are read without it.
 */
async function readBatch(
  source: Session,
  sequences: readonly Omit<NotedSequence, 'lastValue' | 'isCalled'>[],
): Promise<NotedSequence[]> {
  const parts = sequences.map(
    ({ schema, name }, index) =>
      `SELECT ${index} AS index, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoteQualified(schema, name)}`,
  )
  await source.execute('SAVEPOINT sampan_sequences')
  let values: readonly { index: number; lastValue: string; isCalled: boolean }[] | null
  try {
    values = await source.rows(parts.join(' UNION ALL '))
  } catch (thrown) {
    const { kind, code } = toSampanError(thrown)
    if (kind === 'connection' || code === 'STOPPED') throw thrown
    values = null
  }
  await source.execute('ROLLBACK TO SAVEPOINT sampan_sequences; RELEASE SAVEPOINT sampan_sequences')
  if (values !== null) {
    return values.flatMap(({ index, lastValue, isCalled }) => {
      const sequence = sequences[index]
      return sequence ? [{ ...sequence, lastValue, isCalled }] : []
    })
  }
  if (sequences.length === 1) return []
  const middle = Math.ceil(sequences.length / 2)
  return [
    ...(await readBatch(source, sequences.slice(0, middle))),
    ...(await readBatch(source, sequences.slice(middle))),
  ]
}
