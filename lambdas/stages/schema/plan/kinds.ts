import type { Stage } from '../../../core/ledger/objects/planned.ts'
import { remarkKinds } from '../../../core/task/select/selectable.ts'
import type { TocEntry } from '../toc/entry.ts'

/** pg_dump's own settings and the database itself, which has another name on the destination. Rows of large objects travel with the tables' rows. */
export const bookkeeping: ReadonlySet<string> = new Set([
  'ENCODING',
  'STDSTRINGS',
  'SEARCHPATH',
  'DATABASE',
  'DATABASE PROPERTIES',
  'BLOB METADATA',
  'BLOBS',
  'BLOB',
])

/** Kinds that must stand before the rows come. */
export const beforeRows: ReadonlySet<string> = new Set([
  'TABLE',
  'SEQUENCE',
  'TABLE ATTACH',
  'DEFAULT',
  'FOREIGN TABLE',
])

const indexKinds = new Set([
  'CONSTRAINT',
  'INDEX',
  'INDEX ATTACH',
  'STATISTICS',
  'MATERIALIZED VIEW DATA',
  // Not before all rows are there: a table that is referenced cannot be emptied to be copied again.
  'FK CONSTRAINT',
])

const linkKinds = new Set([
  // Apart from its table where it is NOT VALID, or may be broken by rows of today: these must come first.
  'CHECK CONSTRAINT',
  'TRIGGER',
  'POLICY',
  'ROW SECURITY',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'EVENT TRIGGER',
  'DEFAULT ACL',
  'DATABASE PROPERTIES',
])

/**
 * What must not be there while changes are applied: they come folded, not in the source's order, and a foreign key with ON DELETE
 * CASCADE would take rows that the source has moved elsewhere, without an error.
 */
const behindChanges = new Set(['FK CONSTRAINT', 'MATERIALIZED VIEW DATA'])

/** The stage a kind belongs to by itself; dependencies may raise it. */
export function naturalStage(
  { kind, tag, sql }: Pick<TocEntry, 'kind' | 'tag' | 'sql'>,
  following = false,
): Exclude<Stage, 'never' | 'own'> {
  if (following && behindChanges.has(kind)) return 'link'
  if (linkKinds.has(kind)) return 'link'
  // NOT NULL that is NOT VALID (18 and later), which goes down to partitions and children: all their rows must come first.
  if (kind === 'CONSTRAINT' && /\bNOT VALID;\s*$/.test(sql)) return 'link'
  if (indexKinds.has(kind)) return 'index'
  // `_RETURN` is the body of a view; it waits for a key only where GROUP BY relies on one.
  if (kind === 'RULE') return tag.endsWith(' _RETURN') ? 'create' : 'link'
  if (remarkKinds.has(kind) && /^(LARGE OBJECT|DATABASE) /.test(tag)) return 'link'
  return 'create'
}

/** Why a kind is never applied; null where it may be. */
export function neverApplied({ kind }: Pick<TocEntry, 'kind'>): string | null {
  switch (kind) {
    case 'SUBSCRIPTION':
      return 'a subscription would begin to receive at once, and holds a connection string; create it after the cutover'
    case 'SECURITY LABEL':
      return 'security labels belong to a provider that is loaded into the server'
    case 'TABLESPACE':
      return 'tablespaces are the server’s own matter'
    default:
      return null
  }
}
