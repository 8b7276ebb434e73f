import { type Check, passed } from '../check.ts'
import { CannotRun, type CheckContext } from '../context.ts'

/** In these states an RDS instance can be read. */
const RDS_USABLE = new Set([
  'available',
  'backing-up',
  'storage-optimization',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'modifying',
])

export const sourceInstance: Check = {
  code: 'SRC_INSTANCE_UNAVAILABLE',
  side: 'source',
  level: 'error',
  scope: 'task',
  title: 'the RDS instance is available, and of the engine PostgreSQL',
  cause: 'the RDS instance is not in a state in which it can be read, or is no PostgreSQL',
  remedy: 'start the instance or wait until it is available; check source.rdsInstance',
  async run(context) {
    const { identifier, engine, status } = sourceFacts(context)
    if (!/postgres/.test(engine)) return [{ cause: `${identifier} is of the engine ${engine}` }]
    return RDS_USABLE.has(status) ? passed : [{ cause: `${identifier} is ${status}` }]
  },
}

export const sourceNotPublic: Check = {
  code: 'SRC_NOT_PUBLICLY_ACCESSIBLE',
  side: 'source',
  level: 'warning',
  scope: 'task',
  title: 'DTS can reach the RDS instance, if it is let in',
  cause: 'the task lets DTS in (access.dtsCidrs), but the instance has no public address, so DTS cannot reach it',
  remedy: 'set access.dtsCidrs to "none" where Sampan works inside the VPC; DTS needs Publicly accessible = Yes',
  async run(context) {
    const { identifier, publiclyAccessible } = sourceFacts(context)
    if (publiclyAccessible || context.event.task.access.dtsCidrs === 'none') return passed
    return [{ cause: `${identifier} is not publicly accessible` }]
  },
}

export const destinationInstance: Check = {
  code: 'DST_INSTANCE_UNAVAILABLE',
  side: 'destination',
  level: 'error',
  scope: 'task',
  title: 'the ApsaraDB instance is running, unlocked, and of the engine PostgreSQL',
  cause: 'the ApsaraDB instance is not running, is locked (disk full, arrears), or is no PostgreSQL',
  remedy: 'wait until it is Running; enlarge its storage or pay the bill where it is locked',
  async run(context) {
    const facts = context.instances.destination
    if (!facts) throw new CannotRun('unknown', 'the destination is not given as an ApsaraDB instance')
    if (facts.engine !== 'PostgreSQL') return [{ cause: `${facts.instance} is of the engine ${facts.engine}` }]
    if (facts.status !== 'Running') return [{ cause: `${facts.instance} is ${facts.status}` }]
    return facts.lockMode === 'Unlock' ? passed : [{ cause: `${facts.instance} is locked: ${facts.lockMode}` }]
  },
}

function sourceFacts(context: CheckContext) {
  const facts = context.instances.source
  if (!facts) throw new CannotRun('unknown', 'the source is not given as an RDS instance')
  return facts
}
