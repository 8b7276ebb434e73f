import { formatPath, type Path } from './describe.ts'
import type { Problem } from './problems.ts'
import { type BrokenRule, isRecord } from './rule.ts'

/** What a deployed stack allows its tasks. */
export interface Deployment {
  /** Names of Secrets Manager secrets, `*` allowed at the end. */
  readonly secrets: readonly string[]
  /** Hosts to which TLS may be off or unverified, `*.` allowed at the beginning. */
  readonly unverifiedHosts: readonly string[]
  /** Hosts that tasks may name at all, `*.` allowed at the beginning; empty: any. */
  readonly hosts: readonly string[]
}

/** Fields of a side whose text is what it is: nothing is looked up by it. Any other text there names a secret. */
const LITERALS = new Set([
  ...['rdsInstance', 'apsaraInstance', 'region', 'host', 'user', 'authentication', 'tls.mode'],
  // Its own rule refuses it: the history would keep it.
  'password',
])

const rule = (code: string, message: string, remedy: string): BrokenRule => ({ code, message, remedy })

const LOCAL_ONLY = rule(
  'TASK_SECRET_IS_LOCAL',
  'is read from a variable or a file of the machine that runs the task, which only `sampan run` allows',
  'store it in Secrets Manager and give its name or ARN',
)
const FILE_ONLY = rule(
  'TASK_FILE_IS_LOCAL',
  'is a file of the machine that runs the task, which only `sampan run` allows',
  'store it in Secrets Manager and give {"secret": …}, or secret for a password',
)
const UNVERIFIED = rule(
  'TASK_TLS_UNVERIFIED',
  'leaves it open who the host is, and the stack does not allow that for it',
  'set verify-full and give the authority as tls.ca, name the instance, or deploy with unverifiedHosts',
)

const FOLLOW = rule(
  'TASK_FOLLOW_IS_LOCAL',
  'is follow, which is not in the cloud yet',
  'run the task on a machine that reaches both servers, with `sampan run`',
)

const HOST = rule(
  'TASK_HOST_NOT_ALLOWED',
  'is none of the hosts that the stack lets its tasks go to',
  'name the instance by its id, or deploy with the host in the option hosts',
)

/**
 * What a task may not do in the cloud, where whoever may start a run is not who deployed it: name as a secret what the functions
 * themselves hold, or send one to a host that nobody has verified.
 */
export function deployedProblems(input: unknown, deployment: Deployment): readonly Problem[] {
  const follows = isRecord(input) && input.mode === 'follow' ? [problem(['mode'], FOLLOW)] : []
  const ofSides = ['source', 'destination'].flatMap((side) => {
    const fields = isRecord(input) ? input[side] : undefined
    if (!isRecord(fields)) return []
    return [
      ...secretProblems(fields, [side], [], deployment),
      ...hostProblems(fields, side, deployment),
      ...tlsProblems(fields, side, deployment),
    ]
  })
  return [...follows, ...ofSides]
}

/** Goes through everything there is: a field that is added later names a secret until it is said not to. */
function secretProblems(value: unknown, path: Path, within: readonly string[], deployment: Deployment): Problem[] {
  if (Array.isArray(value)) {
    return value.flatMap((inner, index) => secretProblems(inner, [...path, index], within, deployment))
  }
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      secretProblems(inner, [...path, key], [...within, key], deployment),
    )
  }
  const field = within.join('.')
  if (typeof value !== 'string' || LITERALS.has(field) || (field === 'tls.ca' && value === 'rds')) return []
  if (within.at(-1) === 'file' || within.at(-1) === 'passwordFile') return [problem(path, FILE_ONLY)]
  if (/^(env|file):/.test(value)) return [problem(path, LOCAL_ONLY)]
  return isAllowed(value, deployment.secrets) ? [] : [problem(path, notAllowed(deployment.secrets))]
}

function notAllowed(secrets: readonly string[]): BrokenRule {
  return rule(
    'TASK_SECRET_NOT_ALLOWED',
    'is not the name of a secret that the stack lets its tasks read',
    `give one of ${secrets.join(', ')}, or deploy with it in the option secrets`,
  )
}

/**
 * arn:aws:secretsmanager:region:account:secret:NAME-SIXCHR. Where an ARN ends like that, the six characters are never taken for part of a
 * name: `prod-*` allows no `prod`. They may be left out of an ARN whose name the option has in full.
 */
function isAllowed(reference: string, patterns: readonly string[]): boolean {
  const isArn = reference.startsWith('arn:')
  const given = isArn ? reference.split(':').slice(6).join(':') : reference
  const name = isArn ? given.replace(/-[A-Za-z0-9]{6}$/, '') : given
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name || pattern === given,
  )
}

/** An instance's address is told by its cloud; a host is the task's own word. */
function tlsProblems(
  fields: Readonly<Record<string, unknown>>,
  side: string,
  { unverifiedHosts }: Deployment,
): Problem[] {
  const { host, tls } = fields
  if (typeof host !== 'string' || !isRecord(tls)) return []
  // An authority that signs for everybody proves nothing where the name is not compared.
  const open = tls.mode === 'disable' || tls.mode === 'require' || (tls.mode === 'verify-ca' && tls.ca === undefined)
  return open && !isHostOf(host, unverifiedHosts) ? [problem([side, 'tls', 'mode'], UNVERIFIED)] : []
}

/** A secret goes to whatever host a task names that proves its name, which everybody can who has a certificate for it. */
function hostProblems({ host }: Readonly<Record<string, unknown>>, side: string, { hosts }: Deployment): Problem[] {
  if (typeof host !== 'string' || hosts.length === 0 || isHostOf(host, hosts)) return []
  return [problem([side, 'host'], HOST)]
}

function isHostOf(host: string, patterns: readonly string[]): boolean {
  const name = host.toLowerCase()
  return patterns.some((one) => (one.startsWith('*') ? name.endsWith(one.slice(1)) : name === one))
}

function problem(path: Path, broken: BrokenRule): Problem {
  return { path: formatPath(path), code: broken.code, message: broken.message, remedy: broken.remedy }
}
