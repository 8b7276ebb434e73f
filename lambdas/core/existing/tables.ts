import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const TABLES = sqlFile(new URL('./sql/tables.sql', import.meta.url))

/** Columns of the catalogues that servers before a version have not, and what an older one would say. */
const NEWER: Readonly<Record<string, { readonly since: number; readonly before: string }>> = {
  relrowsecurity: { since: 90_500, before: 'false' },
  relforcerowsecurity: { since: 90_500, before: 'false' },
  rolbypassrls: { since: 90_500, before: 'false' },
  attidentity: { since: 100_000, before: "''::pg_catalog.text" },
  relispartition: { since: 100_000, before: 'false' },
  relpartbound: { since: 100_000, before: 'NULL::pg_catalog.pg_node_tree' },
}

/** The question as a server of this version understands it. Pure. */
export function tablesSql(serverVersion: number): string {
  return TABLES.replaceAll(/\b[a-z]+\.([a-z]+)\b/g, (written, column: string) => {
    const newer = NEWER[column]
    return newer !== undefined && serverVersion < newer.since ? newer.before : written
  })
}

export interface TableName {
  readonly schema: string
  readonly name: string
}

/** A column as one of the two servers has it. */
export interface Column {
  readonly name: string
  /** `format_type`, with what stands in brackets behind it. */
  readonly type: string
  /** Where it is another one than the type's own. */
  readonly collation: string | null
  readonly notNull: boolean
  /** `a`: GENERATED ALWAYS AS IDENTITY, `d`: BY DEFAULT. */
  readonly identity: 'a' | 'd' | null
  /** What it is computed by. */
  readonly generated: string | null
  readonly hasDefault: boolean
}

/** A trigger that is on, and what it fires at. */
export interface TriggerThere {
  readonly name: string
  readonly inserted: boolean
  readonly deleted: boolean
  readonly emptied: boolean
}

/** A column of a key, and the operator by which the key's index finds values equal, as SQL. */
export interface KeyColumn {
  readonly column: string
  readonly equals: string
}

/** A unique index, or an exclusion constraint's: what keeps a row out. */
export interface UniqueIndex {
  readonly name: string
  readonly primary: boolean
  /** False: it is looked at when the transaction ends, or may be (DEFERRABLE). */
  readonly immediate: boolean
  readonly exclusion: boolean
  /** Of columns as they are, in their own collations, and of all rows. */
  readonly plain: boolean
  /** None of its columns may be NULL. */
  readonly notNull: boolean
  /** NULLS NOT DISTINCT */
  readonly nullsAlike: boolean
  /** Of all rows: one whose CREATE INDEX CONCURRENTLY failed keeps new rows apart alone. */
  readonly proven: boolean
  /** No two values of other bytes are equal by its collations. */
  readonly exact: boolean
  /** All columns that it reads, also by expressions and its condition. */
  readonly reads: readonly string[]
  /** Without expressions; `equals` is null where the index has no such operator. */
  readonly columns: readonly { readonly column: string; readonly equals: string | null }[]
  /** What follows the table's name in its definition: `USING btree (lower(email))`; of an exclusion constraint its own. */
  readonly shape: string
}

/** A type of the user's that a column is of, itself or through another one. */
export interface UserType {
  /** `format_type` */
  readonly name: string
  /** `typtype`: composite, domain, enum, range. */
  readonly kind: 'c' | 'd' | 'e' | 'r'
  /** The table, or the like, whose rows it is the type of. */
  readonly table: TableName | null
  /** Of an enum, in their order. */
  readonly labels: readonly string[]
  /** Of a composite type, in their order; of a domain or a range the one type that it is made of, without a name. */
  readonly fields: readonly { readonly name: string; readonly type: string }[]
  /** What else it says of its values: NOT NULL, CHECK, COLLATE. */
  readonly rules: readonly string[]
}

/** A foreign key between a table and another one. */
export interface KeyTo {
  /** The key's. */
  readonly name: string
  /** The other table's. */
  readonly schema: string
  readonly table: string
}

/** What stands on a table. */
export interface Dependant {
  /** In PostgreSQL's words: `rule _RETURN on view public.open`. */
  readonly what: string
  /** The relation that it is, or that it goes with; null where it goes with none. */
  readonly oid: number | null
}

/** What stands under a name that a table has, or is to get. */
export interface StandingTable extends TableName {
  readonly oid: number
  /** `relkind` */
  readonly kind: string
  /** `relpersistence` */
  readonly persistence: string
  /** The account owns it, or is a member of the role that does. */
  readonly owned: boolean
  /** Row security is in force for the account. */
  readonly secured: boolean
  readonly columns: readonly Column[]
  /** What its columns are of, but for types of the server and of extensions. */
  readonly types: readonly UserType[]
  /** The partitioned table at the top, for a partition. */
  readonly root: TableName | null
  /** All that lie below a partitioned table. */
  readonly partitions: readonly (TableName & { readonly oid: number /** `FOR VALUES …` */; readonly bound: string })[]
  /** The sequences of its columns and of its partitions'. */
  readonly sequences: readonly TableName[]
  /** What stands on it or on a partition, and would not be dropped with it, but for foreign keys. */
  readonly dependants: readonly Dependant[]
  /** Triggers that rows which come or go, or TRUNCATE, would fire. */
  readonly triggers: readonly TriggerThere[]
  /** Rules that are on, but for a view's. */
  readonly rules: readonly string[]
  /** The account may make temporary tables in the database. */
  readonly temporary: boolean
  readonly uniques: readonly UniqueIndex[]
  /** Foreign keys of the table, with the tables that they refer to. */
  readonly references: readonly KeyTo[]
  /** Foreign keys that refer to it, with the tables that have them. */
  readonly referencedBy: readonly KeyTo[]
}

interface Row extends Omit<StandingTable, 'references' | 'referencedBy'> {
  readonly references_to: readonly KeyTo[]
  readonly referenced_by: readonly KeyTo[]
}

/** What stands under these names on either end, in one question; nothing of a name that is free. */
export async function readTables(session: Session, names: readonly TableName[]): Promise<readonly StandingTable[]> {
  if (names.length === 0) return []
  const wanted = names.map(({ schema, name }) => ({ schema, name }))
  const rows = await session.rows<Row>(tablesSql(session.serverVersion), [JSON.stringify(wanted)])
  return rows.map(({ references_to: references, referenced_by: referencedBy, ...row }) => ({
    ...row,
    references,
    referencedBy,
  }))
}

/** One text for a name, to compare by. */
export function nameKey({ schema, name }: TableName): string {
  return JSON.stringify([schema, name])
}
