import { quoteIdentifier, unquoteIdentifier } from '../../../../core/postgres/identifiers.ts'
import { mapAllRights } from '../../../../core/structure/map-rights.ts'
import type { RoleMap } from '../../../../core/task/roles.ts'
import type { TocEntry } from '../../toc/entry.ts'
import type { DatabaseProperties } from '../database/database-properties.ts'
import type { SourceFacts } from '../facts.ts'
import { splitStatements } from '../statements.ts'
import { type PolicyRoles, policyFor } from './policies.ts'
import { rolesOf, withStandIns } from './privileges.ts'

/**
 * The archive as a source would give it whose roles have the destination's names: owners, grants, default privileges, policies and user
 * mappings. What comes behind knows of no other names, so verdicts, findings and the comparison of rights are of the mapped ones. Pure.
 */
export function withMappedRoles(entries: readonly TocEntry[], facts: SourceFacts, map: RoleMap): TocEntry[] {
  return entries.map((entry): TocEntry => {
    const owned = { ...entry, owner: entry.owner === '' ? '' : map(entry.owner) }
    switch (entry.kind) {
      case 'ACL':
      case 'DEFAULT ACL':
        return { ...owned, sql: mapStatements(entry.sql, map) }
      case 'POLICY': {
        const roles = facts.policyRoles.get(entry.oid)?.roles ?? []
        return roles.length === 0 ? owned : { ...owned, sql: policyFor(entry.sql, unique(roles.map(map))) }
      }
      case 'USER MAPPING':
        return { ...owned, sql: mapMapping(entry.sql, map), dropSql: mapMapping(entry.dropSql, map) }
      default:
        return owned
    }
  })
}

/** The same of what the archive does not tell. */
export function withMappedFacts(facts: SourceFacts, map: RoleMap): SourceFacts {
  return {
    ...facts,
    account: map(facts.account),
    rights: mapAllRights(facts.rights, map),
    policyRoles: new Map([...facts.policyRoles].map(([oid, policy]) => [oid, mapPolicy(policy, map)])),
    largeObjectRemarks: facts.largeObjectRemarks.map((one) => ({
      ...one,
      grants: one.grants.map((grant) => mapStatements(grant, map)),
    })),
    hiddenMappings: facts.hiddenMappings,
  }
}

/** And of what is set for the database itself. */
export function withMappedProperties(properties: DatabaseProperties, map: RoleMap): DatabaseProperties {
  const mapped = <Role extends string | null>(role: Role) => (role === null ? null : map(role))
  return {
    ...properties,
    owner: mapped(properties.owner),
    settings: properties.settings.map((setting) => ({ ...setting, role: mapped(setting.role) })),
    rights: properties.rights.map((right) => ({ ...right, role: mapped(right.role) })),
  }
}

function mapPolicy({ permissive, roles, memberships }: PolicyRoles, map: RoleMap): PolicyRoles {
  return {
    permissive,
    roles: unique(roles.map(map)),
    memberships: memberships.map(({ role, member }) => ({ role: map(role), member: map(member) })),
  }
}

/** GRANT, REVOKE and ALTER DEFAULT PRIVILEGES, as pg_dump writes them. */
function mapStatements(sql: string, map: RoleMap): string {
  return splitStatements(sql)
    .map((statement) => {
      const { grantees, creators } = rolesOf(statement)
      const standIns = new Map([...grantees, ...creators].map((role) => [role, map(role)]))
      return `${withStandIns(statement, standIns)};\n`
    })
    .join('')
}

/** `CREATE USER MAPPING FOR role SERVER …`, `DROP USER MAPPING IF EXISTS FOR role SERVER …`. PUBLIC is written small, without quotes. */
function mapMapping(sql: string, map: RoleMap): string {
  return sql.replace(/(USER MAPPING (?:IF EXISTS )?FOR )("(?:[^"]|"")+"|[^\s";]+)(?= SERVER )/, (all, head, role) => {
    const quoted = role.startsWith('"')
    const name = unquoteIdentifier(role)
    return !quoted && name.toLowerCase() === 'public' ? all : `${head}${quoteIdentifier(map(name))}`
  })
}

function unique(roles: readonly string[]): readonly string[] {
  return [...new Set(roles)]
}
