/** Where an entry stands in pg_dump's order. */
export type Section = 'none' | 'pre-data' | 'data' | 'post-data'

/** One object of a pg_dump archive's table of contents. */
export interface TocEntry {
  /** Unique within the archive; `dependencies` refer to it. */
  readonly id: number
  /** OID of the catalogue the object lives in (pg_class, pg_proc, …), 0 where there is none. */
  readonly catalogOid: number
  /** The object's OID on the source; with `catalogOid` its identity there. */
  readonly oid: number
  /** pg_dump's word: TABLE, FK CONSTRAINT, MATERIALIZED VIEW, … */
  readonly kind: string
  /** The tag: `name`, `table name` for what belongs to a table, `name(arguments)` for functions. */
  readonly tag: string
  readonly section: Section
  /** Creates the object; may hold several statements. Empty for pure data. */
  readonly sql: string
  readonly dropSql: string
  /** Schema, null for objects outside of schemas. */
  readonly schema: string | null
  readonly owner: string
  readonly tablespace: string
  /** Table access method, empty or null where the kind has none. */
  readonly accessMethod: string | null
  /** pg_class.relkind, null for other kinds and archives before 1.16. */
  readonly relationKind: string | null
  readonly hasData: boolean
  readonly dependencies: readonly number[]
}

/** What an entry of Sampan's own has, which no table, index or row stands behind. */
export const NO_STORAGE = { tablespace: '', accessMethod: null, relationKind: null, hasData: false } as const

export interface Archive {
  readonly version: string
  readonly database: string
  readonly serverVersion: string
  readonly dumpVersion: string
  /** In pg_dump's own order, which is topological. */
  readonly entries: readonly TocEntry[]
}
