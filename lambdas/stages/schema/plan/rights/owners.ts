import { quoteIdentifier } from '../../../../core/postgres/identifiers.ts'
import { type OwnerFacts, whyNotOwner } from '../../../../core/postgres/roles.ts'
import type { TocEntry } from '../../toc/entry.ts'

/**
 * `kept`: made the owner when all else is done. `account`: it stays the destination account's, quietly. `lost`: so it does,
 * and is told.
 */
export type OwnerVerdict =
  | { readonly owner: 'kept'; readonly sql: string }
  | { readonly owner: 'account' }
  | { readonly owner: 'lost'; readonly reason: string }

const quietly: OwnerVerdict = { owner: 'account' }

/** Kinds that have an owner of their own, and whose DROP says how ALTER names them. */
const OWNED: ReadonlySet<string> = new Set([
  'AGGREGATE',
  'COLLATION',
  'CONVERSION',
  'DOMAIN',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'FOREIGN TABLE',
  'FUNCTION',
  'MATERIALIZED VIEW',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PROCEDURE',
  'PUBLICATION',
  'SCHEMA',
  'SEQUENCE',
  'SERVER',
  'STATISTICS',
  'TABLE',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TYPE',
  'VIEW',
])

/** PostgreSQL lets a superuser alone own these. */
const OF_SUPERUSERS: ReadonlySet<string> = new Set(['EVENT TRIGGER', 'FOREIGN DATA WRAPPER'])

/**
 * Whose an object becomes. The sequence of a column follows its table.
 * @param follows the entry is such a sequence
 */
export function judgeOwner(entry: TocEntry, follows: boolean, facts: OwnerFacts): OwnerVerdict {
  const { owner, kind } = entry
  const { account, byName } = facts.roles
  if (!OWNED.has(kind) || follows || owner === '' || owner === account) return quietly
  const isSchema = kind === 'SCHEMA'
  const closed = isSchema ? facts.closedSchemas.get(entry.tag) : undefined
  if (closed?.owner === owner) return quietly
  const why = whyNotOwner(owner, isSchema ? null : entry.schema, facts)
  // `public` is the destination's own: nobody who is not there gains or loses by it.
  if (why === 'quiet' || (why !== null && isSchema && entry.tag === 'public')) return quietly
  if (why !== null) return lost(why, account)
  if (closed !== undefined) return lost('the schema is there already', closed.owner)
  if (OF_SUPERUSERS.has(kind) && byName.get(owner)?.superuser !== true) {
    return lost(`its owner ${owner} is no superuser there`, account)
  }
  // Of `public`, which every database has, the archive has no DROP.
  const named = isSchema
    ? `SCHEMA ${quoteIdentifier(entry.tag)}`
    : /^\s*DROP (?<name>.*?)(?: CASCADE)?;\s*$/s.exec(entry.dropSql)?.groups?.name
  if (named === undefined) return lost(`how its owner ${owner} is set is not known`, account)
  return { owner: 'kept', sql: `ALTER ${named} OWNER TO ${quoteIdentifier(owner)};\n` }
}

function lost(why: string, whose: string): OwnerVerdict {
  return { owner: 'lost', reason: `${why}: it belongs to ${whose}` }
}

/** Sequences that go with a column: identities, and those that are OWNED BY one. */
export function sequencesOfColumns(entries: readonly TocEntry[]): ReadonlySet<number> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const isTable = (id: number) => byId.get(id)?.kind === 'TABLE' || byId.get(id)?.kind === 'FOREIGN TABLE'
  return new Set(
    entries.flatMap(({ id, kind, dependencies }) => {
      if (kind === 'SEQUENCE') return dependencies.some(isTable) ? [id] : []
      return kind === 'SEQUENCE OWNED BY' ? dependencies.filter((needed) => byId.get(needed)?.kind === 'SEQUENCE') : []
    }),
  )
}
