import { quoteIdentifier, quoteLiteral } from '../../../../core/postgres/identifiers.ts'
import type { Decided } from '../copied-relations.ts'

/** Whose statements name roles. */
const NAMING: ReadonlySet<string> = new Set(['ACL', 'DEFAULT ACL', 'POLICY', 'USER MAPPING', 'DATABASE PROPERTIES'])

/**
 * The roles that the task lets be made, as objects before all others: those that what comes names. Nobody can log in as one. The run of
 * another database may make the same one at the same moment.
 */
export function newRoles(names: readonly string[], objects: readonly Decided[]): Decided[] {
  const coming = objects.filter(({ status }) => status === 'pending')
  const needed = names.filter((name) =>
    coming.some(({ kind, owner, sql }) => owner === name || (NAMING.has(kind) && sql.includes(quoteIdentifier(name)))),
  )
  const firstId = objects.reduce((most, { id }) => Math.max(most, id), 0) + 1
  return needed.map((name, index) => ({
    ...{ id: firstId + index, position: index - needed.length, kind: 'ROLE', schema: null, name, owner: '' },
    ...{ catalogOid: 0, oid: 0, stage: 'create', sql: createSql(name), dropSql: '', dependencies: [], bytes: 0 },
    ...{ status: 'pending', blockedBy: null, verdict: 'transform' },
    reason: 'made NOLOGIN, without a password, attributes and memberships: give it what it needs of these',
  }))
}

/** The body is a literal: a role may be called by whatever would end it in dollar quotes. */
function createSql(name: string): string {
  const body = `BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(name)}) THEN CREATE ROLE ${quoteIdentifier(name)} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END`
  return `DO ${quoteLiteral(body)};\n`
}
