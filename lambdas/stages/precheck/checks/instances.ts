import type { InstanceFinding } from '../../../core/cloud/instances.ts'
import type { Side } from '../../../core/postgres/errors.ts'
import { type Check, passed } from '../check.ts'
import type { DocumentedCode, Level } from '../check-description.ts'
import { CannotRun } from '../context.ts'

interface InstanceCheck extends DocumentedCode {
  readonly side: Side
  readonly level: Exclude<Level, 'info'>
  readonly title: string
  /** It is about the way to the server only: a session that stands proves it wrong. */
  readonly ofTheWay?: true
}

/** What OpenAccess judged of the two instances (findings.ts of the access room), told here with everything else. */
const known: readonly InstanceCheck[] = [
  {
    code: 'SRC_ENGINE_UNSUPPORTED',
    side: 'source',
    level: 'error',
    title: 'the RDS instance is of the engine PostgreSQL',
    cause: 'the RDS instance is of another engine than PostgreSQL or Aurora PostgreSQL',
    remedy: 'name an RDS for PostgreSQL or Aurora PostgreSQL instance',
  },
  {
    code: 'SRC_VERSION_TOO_OLD',
    side: 'source',
    level: 'error',
    title: 'the RDS instance has an engine version of 9.4 or later',
    cause: 'the engine version of the RDS instance is older than 9.4',
    remedy: 'upgrade it to 9.4 or later',
  },
  {
    code: 'SRC_INSTANCE_NOT_AVAILABLE',
    side: 'source',
    level: 'error',
    title: 'the RDS instance is available',
    cause: 'the RDS instance is in a state in which its database does not answer',
    remedy: 'start it, or wait until it is available',
  },
  {
    code: 'SRC_NOT_PUBLIC',
    side: 'source',
    level: 'error',
    title: 'the RDS instance can be reached from where the workers are',
    cause: 'the RDS instance is not publicly accessible, and the workers are outside its VPC',
    remedy: 'set "Publicly accessible" in its connectivity settings, or deploy the workers into its VPC',
    ofTheWay: true,
  },
  {
    code: 'SRC_NOT_WRITER',
    side: 'source',
    level: 'warning',
    title: 'the RDS instance is a writer',
    cause: 'the RDS instance is a reader or replica: the copy depends on its delay and conflicts',
    remedy: 'name the writer or the cluster, or acknowledge this code',
  },
  {
    code: 'SRC_WITHOUT_SECURITY_GROUP',
    side: 'source',
    level: 'warning',
    title: 'the RDS instance has a security group',
    cause: 'the RDS instance has no security group: Sampan cannot open the way in',
    remedy: 'give it one, or open the way in yourself',
    ofTheWay: true,
  },
  {
    code: 'SRC_GROUPS_FULL',
    side: 'source',
    level: 'warning',
    title: 'the security groups of the RDS instance have room for the blocks of DTS',
    cause: 'the blocks of DTS are more than the security groups take rules: DTS is not let in, the workers are',
    remedy: 'set access.dtsCidrs to "none", allow the option temporaryGroups, or acknowledge this code',
  },
  {
    code: 'DST_ENGINE_UNSUPPORTED',
    side: 'destination',
    level: 'error',
    title: 'the ApsaraDB instance is of the engine PostgreSQL',
    cause: 'the ApsaraDB instance is of another engine than PostgreSQL',
    remedy: 'name an ApsaraDB RDS for PostgreSQL instance',
  },
  {
    code: 'DST_INSTANCE_NOT_RUNNING',
    side: 'destination',
    level: 'error',
    title: 'the ApsaraDB instance is running',
    cause: 'the ApsaraDB instance is not in the state Running',
    remedy: 'wait until it is Running',
  },
  {
    code: 'DST_INSTANCE_LOCKED',
    side: 'destination',
    level: 'error',
    title: 'the ApsaraDB instance is not locked',
    cause:
      'the ApsaraDB instance is locked: its storage is full, it has expired, is being restored, or was locked by hand',
    remedy:
      'by its LockMode: enlarge the storage (LockByDiskQuota), renew it (LockByExpiration), wait (LockByRestoration), have it unlocked (ManualLock)',
  },
  {
    code: 'DST_NOT_PUBLIC',
    side: 'destination',
    level: 'warning',
    title: 'the ApsaraDB instance can be reached from where the workers are',
    cause: 'the ApsaraDB instance has no public endpoint, and its private one was not reached',
    remedy: 'apply for a public endpoint (Database Connection), or make sure that a peering or VPN leads to it',
    ofTheWay: true,
  },
  {
    code: 'DST_TLS_OFF',
    side: 'destination',
    level: 'error',
    title: 'the ApsaraDB instance offers TLS',
    cause: 'TLS is switched off at the ApsaraDB instance, as it is on every new one',
    remedy:
      'enable SSL Encryption in its console (Data Security) for the endpoint in use; docs/secrets-and-tls.md has the steps',
    ofTheWay: true,
  },
  {
    code: 'DST_TLS_CA_MISSING',
    side: 'destination',
    level: 'error',
    title: 'the task knows who signed the certificate of the ApsaraDB instance',
    cause:
      'the certificate of the ApsaraDB instance is signed by Alibaba Cloud’s own authority, and destination.tls.ca is not given',
    remedy: 'put ApsaraDB-CA-Chain.pem, from its console, into a secret and name that as destination.tls.ca',
    ofTheWay: true,
  },
  {
    code: 'DST_TLS_OTHER_ENDPOINT',
    side: 'destination',
    level: 'error',
    title: 'the certificate of the ApsaraDB instance is for the endpoint in use',
    cause: 'the certificate of the ApsaraDB instance is for another of its endpoints',
    remedy: 'give it a certificate for the endpoint in use, in its console (Data Security, SSL Encryption)',
    ofTheWay: true,
  },
  {
    code: 'DST_WHITELIST_IPV4_ONLY',
    side: 'destination',
    level: 'warning',
    title: 'the whitelist of the ApsaraDB instance takes the workers’ addresses',
    cause: 'the whitelist of ApsaraDB takes IPv4 addresses only; IPv6 addresses are left out',
    remedy: 'name the IPv4 address that the workers leave by, or acknowledge this code',
    ofTheWay: true,
  },
]

export const instanceChecks: readonly Check[] = known.map(({ ofTheWay = false, ...check }) => ({
  ...check,
  scope: 'task',
  needs: [],
  async run({ instances, connections }) {
    if (!instances[check.side])
      throw new CannotRun('irrelevant', `the ${check.side} is not given as a cloud’s instance`)
    if (ofTheWay && connections[check.side].kind === 'open') return passed
    return instances.findings.filter((finding) => finding.code === check.code).map(toFinding)
  },
}))

export const dtsCannotReach: Check = {
  code: 'SRC_NOT_PUBLICLY_ACCESSIBLE',
  side: 'source',
  level: 'info',
  scope: 'task',
  needs: [],
  title: 'DTS can reach the RDS instance, where the task lets it in',
  cause: 'access.dtsCidrs lets DTS in, but the instance has no public address, so DTS cannot reach it; Sampan can',
  remedy: 'set access.dtsCidrs to "none" if DTS is not used beside Sampan; DTS needs Publicly accessible = Yes',
  async run({ instances, event }) {
    if (!instances.source) throw new CannotRun('irrelevant', 'the source is not given as an RDS instance')
    const { identifier, publiclyAccessible } = instances.source
    if (publiclyAccessible || event.task.access.dtsCidrs === 'none') return passed
    return [{ cause: `${identifier} is not publicly accessible` }]
  },
}

function toFinding({ message, remedy }: InstanceFinding) {
  return { cause: message, remedy }
}
