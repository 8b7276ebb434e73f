import { splitStatements, wordsOf } from './statements.ts'

export interface KeptPrivileges {
  readonly sql: string
  /** Roles that are named and do not exist on the destination, or are Amazon's own. */
  readonly leftOut: readonly string[]
  /** Some statement spoke as another role: that is left out, the grant comes from the destination's account. */
  readonly grantorLost: boolean
}

/**
 * Leaves out of an ACL's or default ACL's SQL every statement that names a role the destination does not have. Statements
 * are pg_dump's own GRANT, REVOKE and ALTER DEFAULT PRIVILEGES, one grantee each.
 */
export function keepKnownRoles(sql: string, isKnown: (role: string) => boolean): KeptPrivileges {
  const leftOut = new Set<string>()
  const kept: string[] = []
  let grantorLost = false
  for (const statement of splitStatements(sql)) {
    if (/^(SET|RESET) SESSION AUTHORIZATION\b/.test(statement)) {
      grantorLost = true
      continue
    }
    const unknown = rolesOf(statement).filter((role) => !isKnown(role))
    if (unknown.length === 0) kept.push(`${statement};`)
    for (const role of unknown) leftOut.add(role)
  }
  return { sql: kept.length === 0 ? '' : `${kept.join('\n')}\n`, leftOut: [...leftOut], grantorLost }
}

/** `FOR ROLE x` at the head, and what follows the last TO or FROM; PUBLIC is no role. */
function rolesOf(statement: string): string[] {
  const words = wordsOf(statement)
  const roles: string[] = []
  const at = words.findLastIndex((word) => !word.quoted && (word.text === 'TO' || word.text === 'FROM'))
  const grantee = words[at + 1]
  if (at >= 0 && grantee && (grantee.quoted || grantee.text !== 'PUBLIC')) roles.push(grantee.text)
  const head = words.slice(0, 6)
  const forRole = head.findIndex((word, index) => word.text === 'ROLE' && head[index - 1]?.text === 'FOR')
  const creator = forRole < 0 ? undefined : words[forRole + 1]
  if (creator && /^ALTER DEFAULT PRIVILEGES\b/.test(statement)) roles.push(creator.text)
  return roles
}

/** The role of `CREATE USER MAPPING FOR role SERVER …`, null for PUBLIC. */
export function mappedRole(sql: string): string | null {
  const words = wordsOf(sql)
  const role = words[words.findIndex((word) => word.text === 'FOR') + 1]
  return role === undefined || (!role.quoted && role.text.toLowerCase() === 'public') ? null : role.text
}
