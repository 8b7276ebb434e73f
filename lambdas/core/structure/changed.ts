import { type ChangedTable, readChangedTables } from '../ledger/objects/changed-tables.ts'
import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import { listed } from '../present/listed.ts'
import { SampanError } from '../runtime/errors.ts'
import { readChangedDefinitions } from './definitions.ts'

/** Tables, columns, types and schemas that a statement names and the server does not know. Waiting does not bring them back. */
const UNKNOWN = /^(42P01|42703|42704|3F000)$/

/** No function takes it, another type, no cast, another kind of relation: what a table is answered with whose columns are of other types now. */
const OTHER_TYPE = /^(42883|42804|42846|42809)$/

const MOST_NAMES = 10

/** What is wrong with the tables, and how it is mended; the code is `DST_CHANGED`. Pure. */
export function changedTables(tables: readonly ChangedTable[]) {
  const said = ({ schema, name, columns }: ChangedTable) =>
    `${schema}.${name} ${columns.length === 0 ? 'is gone' : `has no column ${columns.join(', ')}`}`
  return {
    code: 'DST_CHANGED',
    message: `somebody else has changed the destination after this run had copied it: ${listed(tables.map(said), { most: MOST_NAMES, between: '; ' })}`,
    remedy: dropAndStartAgain(tables.filter(({ columns }) => columns.length > 0)),
  } as const
}

function dropAndStartAgain(standing: readonly { readonly schema: string; readonly name: string }[]): string {
  const drops = standing
    .slice(0, MOST_NAMES)
    .map(({ schema, name }) => `DROP TABLE ${quoteQualified(schema, name)} CASCADE`)
  return `keep others from changing the destination${drops.length > 0 ? `; there, ${drops.join('; ')}` : ''}; then start the task again: what is gone is made anew, and its rows are copied again`
}

/**
 * Does what asks the destination for what the run has made. What the server does not know then is no passing error, and is told by
 * the tables that are not as they were made.
 * @throws SampanError DST_CHANGED, or what `body` throws
 */
export async function toldAsChanged<Answer>(
  destination: Session,
  run: string,
  body: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await body()
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.side !== 'destination') throw thrown
    const state = thrown.sqlState ?? ''
    if (OTHER_TYPE.test(state)) throw (await otherTables(destination, run, thrown)) ?? thrown
    if (!UNKNOWN.test(state)) throw thrown
    const tables = await readChangedTables(destination, run).catch(() => [])
    if (tables.length > 0) throw new SampanError({ ...changedTables(tables), cause: thrown })
    throw new SampanError({
      code: 'DST_CHANGED',
      message: `something that this run had made is not on the destination any more: ${thrown.message}`,
      remedy: 'keep others from changing the destination, then start the task again: what is gone is made anew',
      cause: thrown,
    })
  }
}

/**
 * What rows of another shape are answered with, told by the tables that somebody has changed.
 * @param only the one table that is asked about, as the destination calls it
 * @returns `null` where none is defined otherwise than the run has made it: then the answer is about something else
 */
export async function otherTables(
  destination: Session,
  run: string,
  cause: Error,
  only?: { readonly schema: string; readonly name: string },
): Promise<SampanError | null> {
  const changed = await readChangedDefinitions(destination, run).catch(() => [])
  const tables = changed.flatMap(({ kind, schema, name }) => {
    const isMeant = only === undefined || (only.schema === schema && only.name === name)
    return kind === 'TABLE' && schema !== null && isMeant ? [{ schema, name }] : []
  })
  if (tables.length === 0) return null
  const names = tables.map(({ schema, name }) => `${schema}.${name}`)
  return new SampanError({
    code: 'DST_CHANGED',
    message: `somebody else has changed on the destination how tables are defined that this run had made, and their rows do not fit any more: ${listed(names, { most: MOST_NAMES })}`,
    remedy: dropAndStartAgain(tables),
    cause,
  })
}
