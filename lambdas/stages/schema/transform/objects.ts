import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { isEvaluated } from '../apply/evaluated.ts'
import { policyForAll } from '../plan/rights/policies.ts'
import { targetOfComment } from './statement-parts.ts'

/**
 * What is not made in a scratch. Rights and owners are of roles, which are the server's; an event trigger would fire at what is renamed, a
 * mapping holds passwords. Their texts are changed where they name something (texts.ts).
 */
const NOT_MADE: ReadonlySet<string> = new Set([
  'ACL',
  'DEFAULT ACL',
  'DATABASE PROPERTIES',
  'EVENT TRIGGER',
  'MATERIALIZED VIEW DATA',
  'OWNER',
  'PUBLICATION TABLES IN SCHEMA',
  'ROLE',
  'SEQUENCE SET',
  'TABLE DATA',
  'USER MAPPING',
])

/** What is made in a scratch, in the order in which the plan makes it. */
export function madeInScratch(objects: readonly PlannedObject[]): readonly PlannedObject[] {
  const order = { create: 0, index: 1, link: 2, own: 3, never: 4 }
  const pending = objects.filter((object) => object.status === 'pending' && isMade(object))
  const ids = new Set(pending.filter(({ kind }) => kind !== 'COMMENT').map(({ id }) => id))
  return pending
    .filter(({ kind, dependencies }) => kind !== 'COMMENT' || dependencies.some((id) => ids.has(id)))
    .toSorted((a, b) => order[a.stage] - order[b.stage] || a.position - b.position)
}

function isMade({ kind, sql }: PlannedObject): boolean {
  // It would name tables one by one where the account is no superuser.
  return !NOT_MADE.has(kind) && !(kind === 'PUBLICATION' && / FOR (?:ALL TABLES|TABLE|TABLES IN SCHEMA)\b/.test(sql))
}

/** What it says there. A policy is for everybody: the roles that it names may be to be made, and those are the server's. */
export function textInScratch({ kind, sql }: Pick<PlannedObject, 'kind' | 'sql'>): string {
  return kind === 'POLICY' ? policyForAll(sql) : sql
}

/** The statement that makes it there. A comment says whose it is, so that it is found again whatever it is on. */
export function scratchSql(object: PlannedObject, path: SearchPath): string {
  if (object.kind === 'COMMENT') return `${targetOfComment(object.sql)} IS ${quoteLiteral(markOf(object.id))}`
  const sql = textInScratch(object)
  if (!isEvaluated(object.kind, object.sql)) return sql
  const look = (where: string) => `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(where)}, true)`
  return [look(path), sql, look('')].join('\n;\n')
}

const MARK = /^sampan:(\d+)$/

function markOf(id: number): string {
  return `sampan:${id}`
}

/** The object that a comment of a scratch is of. */
export function objectOfMark(text: string): number | null {
  const id = MARK.exec(text)?.[1]
  return id === undefined ? null : Number(id)
}
