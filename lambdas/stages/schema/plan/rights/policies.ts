import { requirePoliciesSql } from '../../../../core/ledger/calls.ts'
import { quoteIdentifier, quoteQualified } from '../../../../core/postgres/identifiers.ts'
import type { TocEntry } from '../../toc/entry.ts'
import type { SourceFacts } from '../facts.ts'
import type { EntryVerdict } from '../verdict.ts'

/** For whom a policy is there, on the source. */
export interface PolicyRoles {
  /** False: it takes rows away (RESTRICTIVE). */
  readonly permissive: boolean
  /** Roles it names; none where it is for PUBLIC. */
  readonly roles: readonly string[]
  /** Who has a named role’s rights by membership; of restrictive policies only. */
  readonly memberships: readonly { readonly role: string; readonly member: string }[]
}

const NAME = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)'
/** pg_dump’s form up to the roles, of which it writes none for PUBLIC. */
const HEAD = new RegExp(
  `^(?<head>\\s*CREATE POLICY ${NAME} ON ${NAME}\\.${NAME}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)?)(?<roles> TO ${NAME}(?:, ${NAME})*)?`,
)

/**
 * A policy as the destination’s roles let it be. A permissive one gives rows, so of absent roles nothing is lost but what
 * they would see. A restrictive one takes rows away: it goes on doing so for every role that is there, members of an absent
 * role included, whom it restricts on the source through that role.
 */
export function judgePolicy(entry: TocEntry, policy: PolicyRoles, isKnown: (role: string) => boolean): EntryVerdict {
  const absent = policy.roles.filter((role) => !isKnown(role))
  if (absent.length === 0) return { verdict: 'migrate', sql: entry.sql }
  const present = presentRoles(policy, isKnown)
  const reason = `the destination has no role ${absent.join(', ')}`
  if (present.length === 0) {
    return { verdict: 'skip', reason: policy.permissive ? reason : `${reason}, the only one that it takes rows from` }
  }
  return {
    verdict: 'transform',
    sql: policyFor(entry.sql, present),
    reason: `${reason}: it holds for ${present.join(', ')}`,
  }
}

/** A policy in pg_dump’s form, for other roles. */
export function policyFor(sql: string, roles: readonly string[]): string {
  return withRoles(sql, ` TO ${roles.map(quoteIdentifier).join(', ')}`)
}

/** The same for PUBLIC. */
export function policyForAll(sql: string): string {
  return withRoles(sql, '')
}

/** A policy for the roles that another one is for. */
export function policyAsFor(sql: string, other: string): string {
  return withRoles(sql, HEAD.exec(other)?.groups?.roles ?? '')
}

function withRoles(sql: string, roles: string): string {
  return sql.replace(HEAD, (_all, head: string) => head + roles)
}

/** Whom a policy for named roles is for on the destination; nobody: it cannot be there. */
export function presentRoles(
  { permissive, roles, memberships }: PolicyRoles,
  isKnown: (role: string) => boolean,
): readonly string[] {
  const absent = roles.filter((role) => !isKnown(role))
  const members = permissive ? [] : memberships.flatMap(({ role, member }) => (absent.includes(role) ? [member] : []))
  return [...new Set([...roles, ...members])].filter(isKnown)
}

/** What must stand before rights to a table are given: that its row security is on, and the policies that take rows away. */
export interface Guard {
  readonly table: TocEntry
  readonly entries: readonly TocEntry[]
}

/**
 * What rights wait for, by the id of the ACL. Where one of these cannot be made the rights are not given either, so nobody
 * sees what he did not see before.
 */
export function guardsOfRights(entries: readonly TocEntry[], facts: SourceFacts): ReadonlyMap<number, Guard> {
  const guards = new Map<number, Guard>()
  const tables = new Map(entries.filter(({ kind }) => kind === 'TABLE').map((table) => [table.id, table]))
  for (const entry of entries) {
    const restricts = entry.kind === 'POLICY' && facts.policyRoles.get(entry.oid)?.permissive === false
    if (!restricts && entry.kind !== 'ROW SECURITY') continue
    // A policy may read other tables too; it belongs to the one that its tag begins with.
    const table = entry.dependencies
      .map((id) => tables.get(id))
      .find((one) => one?.schema === entry.schema && `${entry.tag} `.startsWith(`${one?.tag} `))
    if (table) guards.set(table.id, { table, entries: [...(guards.get(table.id)?.entries ?? []), entry] })
  }
  return new Map(
    entries.flatMap(({ id, kind, dependencies }) => {
      const table = kind === 'ACL' ? dependencies.find((needed) => guards.has(needed)) : undefined
      const guard = table === undefined ? undefined : guards.get(table)
      return guard === undefined ? [] : [[id, guard] as const]
    }),
  )
}

/** Fails where a guard does not stand: objects of one flight are sent before it is known what became of each. */
export function guardSql({ table, entries }: Guard): string {
  const policies = entries.flatMap(({ kind, tag }) => (kind === 'POLICY' ? [tag.slice(table.tag.length + 1)] : []))
  return `${requirePoliciesSql(quoteQualified(table.schema ?? 'public', table.tag), policies)};\n`
}
