import type { Session } from '../postgres/connect.ts'
import { KEY_PAIRS, OF_PERIODS } from '../postgres/key-pairs.ts'
import type { KeyChoice } from '../task/table-options.ts'
import { type FilterableTable, isNamedBy } from './filtered.ts'

/** $1 names. */
const CHOSEN_KEYS = `
  SELECT k.conname::text AS name, k.conrelid AS child, k.confrelid AS parent, ${OF_PERIODS} AS period,
         pairs.columns, pairs.nullable, pairs."parentColumns", pairs.operators
    FROM pg_catalog.pg_constraint AS k CROSS JOIN LATERAL (${KEY_PAIRS}) AS pairs
   WHERE k.contype = 'f' AND k.conname = ANY ($1::pg_catalog.name[])
   ORDER BY k.conrelid, k.conname`

/** A foreign key of the source, as a condition on its rows needs it. */
interface ForeignKey {
  readonly name: string
  /** Oid of its table. */
  readonly child: number
  /** Oid of the table that it refers to. */
  readonly parent: number
  readonly columns: readonly string[]
  /** Whether a column may be NULL, in pairs with `columns`. */
  readonly nullable: readonly boolean[]
  /** The columns there, in pairs with `columns`. */
  readonly parentColumns: readonly string[]
  /** How a parent's column is compared with a child's: the SQL between the two. */
  readonly operators: readonly string[]
  readonly period: boolean
}

/** A foreign key with what the task says of it. */
export interface ChosenKey extends ForeignKey {
  readonly choice: KeyChoice
}

/** A choice that cannot be, with a reason in one line. */
export interface RefusedKey {
  readonly key: ChosenKey
  readonly why: string
}

/** The foreign key of a partitioned table can be promised (NOT VALID), and validated with all that hangs on it, from here on. */
export const PROMISED_SINCE = 180_000

/** The foreign keys that the task's choices name. */
export async function readChosenKeys(
  source: Session,
  choices: readonly KeyChoice[],
  tables: readonly FilterableTable[],
): Promise<readonly ChosenKey[]> {
  if (choices.length === 0) return []
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const keys = await source.rows<ForeignKey>(CHOSEN_KEYS, [choices.map(({ key }) => key)])
  return keys.flatMap((key) => {
    const table = byOid.get(key.child)
    return choices.flatMap((choice) =>
      table !== undefined && choice.key === key.name && isNamedBy(choice, table) ? [{ ...key, choice }] : [],
    )
  })
}

/**
 * The choices that cannot be for what PostgreSQL can do, and for what comes. Pure.
 * @param comes oids of the tables that are migrated
 * @param destinationVersion `server_version_num`
 */
export function refusedKeys(
  keys: readonly ChosenKey[],
  tables: readonly FilterableTable[],
  comes: ReadonlySet<number>,
  destinationVersion: number,
): readonly RefusedKey[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const titleOf = (oid: number) => {
    const table = byOid.get(oid)
    return table === undefined ? 'a table that cannot be migrated' : `${table.schema}.${table.name}`
  }
  const why = ({ choice, child, parent, period }: ChosenKey): string | null => {
    const partitioned = [child, parent].find((oid) => byOid.get(oid)?.partitioned)
    if (choice.choice === 'not valid') {
      if (partitioned === undefined || destinationVersion >= PROMISED_SINCE) return null
      return `${titleOf(partitioned)} is partitioned, and before PostgreSQL 18 such a key is valid or none`
    }
    if (choice.choice === 'leave') return null
    if (period) return 'it compares periods'
    const absent = [parent, ...leavesOf(parent, tables)].find((oid) => !comes.has(oid))
    return absent === undefined ? null : `its rows cannot follow ${titleOf(absent)}, which does not come`
  }
  return keys.flatMap((key) => {
    const reason = comes.has(key.child) ? why(key) : null
    return reason === null ? [] : [{ key, why: reason }]
  })
}

/** Oids of the partitions that hold a table's rows; none of a table that holds them itself. */
export function leavesOf(oid: number, tables: readonly FilterableTable[]): readonly number[] {
  return tables.filter(({ above, partitioned }) => !partitioned && above.includes(oid)).map((leaf) => leaf.oid)
}
