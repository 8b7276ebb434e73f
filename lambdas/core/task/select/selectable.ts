/** An object as the selection sees it: an entry of pg_dump's archive, or what the catalogue tells in its place. */
export interface Selectable {
  readonly id: number
  /** pg_dump's word: TABLE, FK CONSTRAINT, … */
  readonly kind: string
  /** `name`, `table name` for what belongs to a table, `name(arguments)` for functions. */
  readonly tag: string
  /** null for objects outside of schemas. */
  readonly schema: string | null
  /** pg_class.relkind, null for other kinds. */
  readonly relationKind: string | null
  /** Of ids that may be unknown. */
  readonly dependencies: readonly number[]
}

/** What bears rows or stands for them, and is named by the patterns of a task. */
export const relationKinds: ReadonlySet<string> = new Set([
  'TABLE',
  'FOREIGN TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'SEQUENCE',
])

/** Rows of tables, and values of sequences, that extensions make: named by the patterns like relations, and nothing without their extension. */
export const dataKinds: ReadonlySet<string> = new Set(['TABLE DATA', 'SEQUENCE SET'])

/** What says something about another object and is nothing without it. */
export const remarkKinds: ReadonlySet<string> = new Set(['COMMENT', 'ACL', 'SECURITY LABEL'])

/** The `_RETURN` rules that replace a view's stand-in, by view. */
export function viewBodies(entries: readonly Selectable[]): Map<number, number> {
  const views = new Map(
    entries.filter(({ kind }) => kind === 'VIEW').map((view) => [`${view.schema}.${view.tag}`, view.id]),
  )
  return new Map(
    entries
      .filter(({ kind, tag }) => kind === 'RULE' && tag.endsWith(' _RETURN'))
      .map((rule) => [views.get(`${rule.schema}.${rule.tag.slice(0, -' _RETURN'.length)}`) ?? 0, rule.id]),
  )
}
