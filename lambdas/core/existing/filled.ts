import type { Session } from '../postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import { inBatches } from '../runtime/in-batches.ts'
import type { ConflictProblem } from './judge.ts'
import type { ChosenTable, Meeting } from './meetings.ts'
import { nameKey, type TableName } from './tables.ts'

/** Tables of one question: it locks each of them. */
const BATCH = 100

/**
 * What keeps rows from coming into tables that are all to stand there, and to be empty.
 * @param isOwn made or filled by this very run
 */
export async function readUnready(
  destination: Session,
  chosen: readonly ChosenTable[],
  meetings: readonly Meeting[],
  isOwn: (there: TableName) => boolean,
): Promise<readonly ConflictProblem[]> {
  const standing = new Set(meetings.map(({ there }) => nameKey(there)))
  const absent = chosen.filter(({ there }) => !standing.has(nameKey(there)) && !isOwn(there))
  const filled = meetings.filter(({ mode, there }) => mode === 'fill' && there.kind === 'r' && !isOwn(there))
  const full = await readFilled(
    destination,
    filled.map(({ there }) => there),
  )
  return [
    ...absent.map(({ there }) => ({ code: 'DST_TABLE_MISSING' as const, text: `${there.schema}.${there.name}` })),
    ...full.map((text) => ({ code: 'DST_TABLE_NOT_EMPTY' as const, text })),
  ]
}

/** Those that have a row. */
async function readFilled(destination: Session, tables: readonly TableName[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const batch of inBatches(tables, BATCH)) {
    const asked = batch.map(
      ({ schema, name }) =>
        `SELECT ${quoteLiteral(`${schema}.${name}`)} AS name WHERE EXISTS (SELECT FROM ONLY ${quoteQualified(schema, name)})`,
    )
    const rows = await destination.rows<{ name: string }>(asked.join(' UNION ALL '))
    found.push(...rows.map(({ name }) => name))
  }
  return found
}
