import { quoteIdentifier } from '../../../../core/postgres/identifiers.ts'
import { splitStatements, wordsOf } from '../statements.ts'

export interface KeptPrivileges {
  readonly sql: string
  /** Roles that are named and do not exist on the destination, are Amazon's own, or cannot be spoken for. */
  readonly leftOut: readonly string[]
  /** Some statement spoke as another role: that is left out, the grant comes from the destination's account. */
  readonly grantorLost: boolean
}

export interface RoleQuestions {
  /** The role exists on the destination and is no role of Amazon's. */
  isKnown(role: string): boolean
  /** The destination's account has its rights, and may change what it gives by default. */
  maySpeakFor(role: string): boolean
  /** Who stands for a role whose default privileges are said. @default itself */
  readonly standIns?: ReadonlyMap<string, string>
}

/**
 * Leaves out of an ACL's or default ACL's SQL every statement that names a role the destination does not have, or default
 * privileges of a role for which the account cannot speak. Statements are pg_dump's own GRANT, REVOKE and ALTER DEFAULT
 * PRIVILEGES, one grantee each.
 */
export function keepKnownRoles(sql: string, roles: RoleQuestions): KeptPrivileges {
  const leftOut = new Set<string>()
  const kept: string[] = []
  let grantorLost = false
  for (const written of splitStatements(sql)) {
    const statement = CREATOR.test(written) ? withStandIns(written, roles.standIns) : written
    if (/^(SET|RESET) SESSION AUTHORIZATION\b/.test(statement)) {
      grantorLost = true
      continue
    }
    const { grantees, creators } = rolesOf(statement)
    const unknown = [
      ...grantees.filter((role) => !roles.isKnown(role)),
      ...creators.filter((role) => !roles.isKnown(role) || !roles.maySpeakFor(role)),
    ]
    if (unknown.length === 0) kept.push(`${statement};`)
    for (const role of unknown) leftOut.add(role)
  }
  return { sql: kept.length === 0 ? '' : `${kept.join('\n')}\n`, leftOut: [...leftOut], grantorLost }
}

const ROLE = '"(?:[^"]|"")+"|[^\\s";]+'
const GRANTEE = new RegExp(`(?<= (?:TO|FROM) )(?:${ROLE})(?=(?: WITH GRANT OPTION)?$)`)
const CREATOR = new RegExp(`(?<=^ALTER DEFAULT PRIVILEGES FOR ROLE )(?:${ROLE})`)

/** The statement with other roles for those that it is about. */
export function withStandIns(statement: string, standIns: ReadonlyMap<string, string> | undefined): string {
  const replace = (written: string) => {
    const [word] = wordsOf(written)
    const standIn = word && (word.quoted || word.text !== 'PUBLIC') ? standIns?.get(word.text) : undefined
    return standIn === undefined ? written : quoteIdentifier(standIn)
  }
  return statement.replace(CREATOR, replace).replace(GRANTEE, replace)
}

/** Whom a GRANT or REVOKE is about; null for PUBLIC and other statements. */
export function granteeOf(statement: string): string | null {
  return /^(GRANT|REVOKE)\b/.test(statement) ? (rolesOf(statement).grantees[0] ?? null) : null
}

/** What follows the last TO or FROM, PUBLIC being no role; and `FOR ROLE x` at the head of default privileges. */
export function rolesOf(statement: string): {
  readonly grantees: readonly string[]
  readonly creators: readonly string[]
} {
  const words = wordsOf(statement)
  const at = words.findLastIndex((word) => !word.quoted && (word.text === 'TO' || word.text === 'FROM'))
  const grantee = at < 0 ? undefined : words[at + 1]
  const grantees = grantee && (grantee.quoted || grantee.text !== 'PUBLIC') ? [grantee.text] : []
  // ALTER DEFAULT PRIVILEGES FOR ROLE x
  const creator = /^ALTER DEFAULT PRIVILEGES FOR ROLE\b/.test(statement) ? words[5] : undefined
  return { grantees, creators: creator ? [creator.text] : [] }
}

/** The role of `CREATE USER MAPPING FOR role SERVER …`, null for PUBLIC. */
export function mappedRole(sql: string): string | null {
  const words = wordsOf(sql)
  const role = words[words.findIndex((word) => word.text === 'FOR') + 1]
  return role === undefined || (!role.quoted && role.text.toLowerCase() === 'public') ? null : role.text
}
