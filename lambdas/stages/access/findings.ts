import type { ApsaraInstance } from '../../core/cloud/apsara.ts'
import { lockOf } from '../../core/cloud/apsara-lock.ts'
import type { InstanceFinding } from '../../core/cloud/instances.ts'
import type { RdsInstance } from '../../core/cloud/rds.ts'
import type { Tls } from '../../core/task/tls.ts'
import { isWhitelistable } from './open-whitelist.ts'

const ENGINES = ['postgres', 'aurora-postgresql']
/** States in which the database answers although RDS is busy with it. */
const USABLE = /^(available|backing-up|storage-optimization|storage-config-upgrade|configuring-.*)$/
const OLDEST_MAJOR = 9
const OLDEST_MINOR = 4

/**
 * What an RDS instance lacks to be a source, all of it.
 * @param workersVpcs where workers come from by private addresses, empty where that is not known; `null`: they come from outside only
 */
export function judgeSource(instance: RdsInstance, workersVpcs: readonly string[] | null): readonly InstanceFinding[] {
  const name =
    instance.cluster && instance.cluster !== instance.identifier
      ? `${instance.cluster}/${instance.identifier}`
      : instance.identifier
  const findings: InstanceFinding[] = []
  const add = (code: string, level: InstanceFinding['level'], message: string, remedy: string) =>
    findings.push({ code, level, message: `the RDS instance ${name} ${message}`, remedy })

  if (!ENGINES.includes(instance.engine)) {
    add(
      'SRC_ENGINE_UNSUPPORTED',
      'error',
      `runs ${instance.engine}`,
      'name an RDS for PostgreSQL or Aurora PostgreSQL instance',
    )
  } else if (!isAtLeastOldest(instance.engineVersion)) {
    add('SRC_VERSION_TOO_OLD', 'error', `runs PostgreSQL ${instance.engineVersion}`, 'upgrade it to 9.4 or later')
  }
  if (!USABLE.test(instance.status)) {
    add('SRC_INSTANCE_NOT_AVAILABLE', 'error', `is ${instance.status}`, 'start it, or wait until it is available')
  }
  if (!instance.publiclyAccessible && workersVpcs === null) {
    const remedy = 'set "Publicly accessible" in its connectivity settings, or deploy the workers into its VPC'
    add('SRC_NOT_PUBLIC', 'error', 'is not publicly accessible', remedy)
  }
  if (!instance.publiclyAccessible && workersVpcs?.length && !workersVpcs.includes(instance.vpcId ?? '')) {
    const remedy = `deploy with the option network: {"vpcId": "${instance.vpcId}", "subnetIds": […]}, or join the two VPCs (network.peers)`
    add(
      'SRC_NOT_PUBLIC',
      'error',
      `is private in ${instance.vpcId}; the workers are in ${workersVpcs.join(', ')}`,
      remedy,
    )
  }
  if (!instance.writable) {
    const remedy = 'name the writer or the cluster: the copy then does not depend on a replica’s delay and conflicts'
    add('SRC_NOT_WRITER', 'warning', 'is a reader or replica', remedy)
  }
  if (instance.securityGroups.length === 0) {
    add('SRC_WITHOUT_SECURITY_GROUP', 'warning', 'has no security group', 'give it one, or open the way in yourself')
  }
  return findings
}

/** What an ApsaraDB instance lacks to be a destination, all of it. */
export function judgeDestination(instance: ApsaraInstance, tls: Tls): readonly InstanceFinding[] {
  const findings: InstanceFinding[] = []
  const add = (code: string, level: InstanceFinding['level'], message: string, remedy: string) =>
    findings.push({ code, level, message: `the ApsaraDB instance ${instance.instance} ${message}`, remedy })

  if (instance.engine !== 'PostgreSQL') {
    add('DST_ENGINE_UNSUPPORTED', 'error', `runs ${instance.engine}`, 'name an ApsaraDB RDS for PostgreSQL instance')
  }
  if (instance.status !== 'Running') {
    add('DST_INSTANCE_NOT_RUNNING', 'error', `is ${instance.status}`, 'wait until it is Running')
  }
  const lock = lockOf(instance.lockMode)
  if (lock !== null) add('DST_INSTANCE_LOCKED', 'error', lock.words, lock.remedy)
  if (!instance.publicEndpoint) {
    const remedy = 'apply for a public endpoint (Database Connection), or make sure that a peering or VPN leads to it'
    add('DST_NOT_PUBLIC', 'warning', `has no public endpoint: ${instance.host} is used`, remedy)
  }
  const wantsProof = tls.mode === 'verify-full' || tls.mode === 'verify-ca'
  if (instance.ssl === false && tls.mode !== 'disable') {
    const remedy = `console, ${instance.instance}, Data Security, SSL Encryption: enable the cloud certificate for ${instance.host} (docs/secrets-and-tls.md)`
    add('DST_TLS_OFF', 'error', 'has TLS switched off', remedy)
  } else if (wantsProof && tls.ca === undefined) {
    const remedy =
      'download the CA certificate in its console (Data Security, SSL Encryption), put ApsaraDB-CA-Chain.pem into a secret, and name it as destination.tls.ca'
    add(
      'DST_TLS_CA_MISSING',
      'error',
      'has a certificate of Alibaba Cloud’s own authority, which nobody else knows',
      remedy,
    )
  }
  if (instance.ssl !== false && tls.mode === 'verify-full' && instance.sslHost && instance.sslHost !== instance.host) {
    const remedy = `give it a certificate for ${instance.host} in its console (Data Security, SSL Encryption)`
    add(
      'DST_TLS_OTHER_ENDPOINT',
      'error',
      `has a certificate for ${instance.sslHost}, not for ${instance.host}`,
      remedy,
    )
  }
  return findings
}

/** Which of the workers' addresses cannot be let in. */
export function judgeWhitelisting(
  { instance }: Pick<ApsaraInstance, 'instance'>,
  workers: readonly string[],
): readonly InstanceFinding[] {
  const refused = workers.filter((block) => !isWhitelistable(block))
  if (refused.length === 0) return []
  const message = `the whitelist of the ApsaraDB instance ${instance} takes IPv4 only: not let in are ${refused.join(', ')}`
  const remedy = 'name the IPv4 address that the workers leave by, in access.whitelistAddresses or the option network'
  return [{ code: 'DST_WHITELIST_IPV4_ONLY', level: 'warning', message, remedy }]
}

/** `9.4.26`, `16.4`, `14.12-rds.20240509`. */
function isAtLeastOldest(version: string): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number)
  return major > OLDEST_MAJOR || (major === OLDEST_MAJOR && minor >= OLDEST_MINOR)
}
