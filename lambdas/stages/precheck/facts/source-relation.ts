/** A relation of the source that a user made. */
export interface SourceRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** pg_class.relkind: r table, p partitioned table, v view, m materialized view, S sequence, f foreign table. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'S' | 'f'
  /** pg_class.relpersistence. */
  readonly persistence: 'p' | 'u' | 't'
  /** Has a primary key or a unique index. */
  readonly hasKey: boolean
}
