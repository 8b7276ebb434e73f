import { z } from 'zod'
import { isAwsRole } from './aws-names.ts'
import { isRecord, type Report, textThat } from './rule.ts'

const roleName = textThat((text) => text.length > 0 && !text.includes('\0') && Buffer.byteLength(text) <= 63, {
  code: 'TASK_ROLE',
  message: 'is not a role',
  remedy: 'give the name of a role of the destination as PostgreSQL shows it, 1 to 63 bytes; "drop" or "create"',
})

/** What the task says of roles that it does not name. */
const ALL = '*'
const DROP = 'drop'
const CREATE = 'create'

/** Which roles of the destination stand for which of the source. */
export const rolesSchema = z
  .record(z.string(), roleName)
  .optional()
  .describe(
    'Which role of the destination stands for a role of the source, as an owner, in rights, policies, user mappings and settings: by the ' +
      'source’s name, "*" for all that are not named. "drop": nothing is done for the role, what it owns is the account’s. "create": the role ' +
      'keeps its name, and is made NOLOGIN and without a password where the destination lacks it. ' +
      'PostgreSQL’s own roles (pg_…) and Amazon’s (rds…) are what they are. Default: every role is itself.',
  )
  .meta({ examples: [{ app: 'app_ali', '*': 'drop' }] })

/** Roles that are nobody's to map. */
export function checkRoles(roles: unknown, report: Report): void {
  if (!isRecord(roles)) return
  for (const [role, target] of Object.entries(roles)) {
    if (!isNobodys(role) && !(typeof target === 'string' && target !== '' && isNobodys(target))) continue
    report(['roles', role], {
      code: 'TASK_ROLE_RESERVED',
      message: 'is of a role that PostgreSQL or Amazon RDS has for itself, or of everybody',
      remedy: 'take it out: such roles are what they are; rights of everybody (PUBLIC) come as they are',
    })
  }
}

function isNobodys(role: string): boolean {
  return role.startsWith('pg_') || isAwsRole(role) || role === 'public' || role === ''
}

/** Who stands on the destination for a role of the source. */
export type RoleMap = (role: string) => string

const DROPPED = ' (dropped by the task)'

/** Of a role that the task drops: a name that no server has. */
export function isDropped(role: string): boolean {
  return role.endsWith(DROPPED)
}

/**
 * @param account that reads the source: the destination's account stands for it, unless the task names it
 * @returns null where every role is itself
 */
export function roleMap(roles: Readonly<Record<string, string>> | undefined, account: string): RoleMap | null {
  if (roles === undefined || Object.keys(roles).length === 0) return null
  const named = new Map(Object.entries(roles))
  return (role) => {
    const target = isNobodys(role) ? undefined : targetOf(role, named, account)
    if (target === DROP) return `${role}${DROPPED}`
    return target === undefined || target === CREATE ? role : target
  }
}

/** Whether the task wants a role made where the destination lacks it. */
export function wantsMade(
  roles: Readonly<Record<string, string>> | undefined,
  account: string,
): (role: string) => boolean {
  const named = new Map(Object.entries(roles ?? {}))
  return (role) => !isNobodys(role) && targetOf(role, named, account) === CREATE
}

function targetOf(role: string, named: ReadonlyMap<string, string>, account: string): string | undefined {
  return named.get(role) ?? (role === account || role === ALL ? undefined : named.get(ALL))
}
