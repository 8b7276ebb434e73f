import { describe, expect, test } from 'vitest'
import type { ApsaraInstance } from '../../../lambdas/core/cloud/apsara.ts'
import type { InstanceFinding } from '../../../lambdas/core/cloud/instances.ts'
import type { RdsInstance } from '../../../lambdas/core/cloud/rds.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { Tls } from '../../../lambdas/core/task/tls.ts'
import { judgeDestination, judgeSource, judgeWhitelisting } from '../../../lambdas/stages/access/findings.ts'
import { codesOf } from '../../../lambdas/stages/precheck/codes.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { asDatabase, asUser, itemOf, itemsOf, precheckOf } from './prechecks.ts'

const rds: RdsInstance = {
  identifier: 'orders-prod',
  cluster: null,
  writable: true,
  region: 'us-east-1',
  host: 'h',
  port: 5432,
  publiclyAccessible: true,
  engine: 'postgres',
  engineVersion: '15.4',
  status: 'available',
  securityGroups: ['sg-1'],
  vpcId: 'vpc-1',
  subnetIds: [],
  caCertificateIdentifier: null,
  multiAz: false,
  allocatedStorage: 20,
  iamAuthentication: false,
  parameterGroups: [],
}
const apsara: ApsaraInstance = {
  instance: 'pgm-1',
  region: 'ap-southeast-1',
  host: 'h',
  port: 5432,
  publicEndpoint: true,
  engine: 'PostgreSQL',
  engineVersion: '18.0',
  status: 'Running',
  lockMode: 'Unlock',
  storage: 100 * 1024 ** 3,
  storageUsed: 1024 ** 3,
  maxConnections: 100,
  cpu: 2,
  cpuPercent: 8,
  memory: 4096,
  ssl: true,
  sslHost: 'h',
  accounts: [{ name: 'postgres', type: 'Super', status: 'Available' }],
}

/** An event whose sides are cloud instances, although the servers are the tests'. */
function cloudEvent(source: TestDatabase, destination: TestDatabase): StepEvent {
  const event = stepEvent(source, destination)
  const side = { rdsInstance: 'orders-prod' }
  return {
    ...event,
    task: {
      ...event.task,
      source: { ...event.task.source, ...side },
      destination: { ...event.task.destination, apsaraInstance: 'pgm-1' },
    },
  }
}

const TRUSTED: Tls = { mode: 'verify-full', ca: { secret: 'sampan/apsaradb-ca' } }

function judged(
  source: Partial<RdsInstance> = {},
  destination: Partial<ApsaraInstance> = {},
  inside = true,
  tls: Tls = TRUSTED,
) {
  const [from, to] = [
    { ...rds, ...source },
    { ...apsara, ...destination },
  ]
  return {
    source: from,
    destination: to,
    findings: [...judgeSource(from, inside ? [] : null), ...judgeDestination(to, tls)],
  }
}

/** Everything at once that an instance can lack. */
const worst = [
  judged(
    { engine: 'mysql', status: 'stopped', writable: false, publiclyAccessible: false, securityGroups: [] },
    {},
    false,
  ),
  judged(
    { engineVersion: '9.3.25' },
    { engine: 'MySQL', status: 'Creating', lockMode: 'ManualLock', publicEndpoint: false, ssl: false },
  ),
  judged({}, { sslHost: 'another' }, true, { mode: 'verify-full' }),
]

describe('what OpenAccess found out about the instances', () => {
  test('every code it knows is the code of a check', () => {
    const known = new Set(checks.flatMap(codesOf).map((one) => one.code))
    const codes = worst.flatMap(({ findings }) => findings.map((finding) => finding.code))
    expect(codes.length).toBe(13)
    expect(codes.filter((code) => !known.has(code))).toEqual([])
  })

  test('the levels are those of the checks', () => {
    const levels = new Map(checks.map((check) => [check.code, check.level]))
    for (const { code, level } of worst.flatMap((one) => one.findings)) expect(levels.get(code), code).toBe(level)
  })

  test.each([
    'SRC_ENGINE_UNSUPPORTED',
    'SRC_VERSION_TOO_OLD',
    'SRC_INSTANCE_NOT_AVAILABLE',
    'SRC_NOT_WRITER',
    'DST_ENGINE_UNSUPPORTED',
    'DST_INSTANCE_NOT_RUNNING',
    'DST_INSTANCE_LOCKED',
  ])('%s is told', { tags: 'long' }, async (code) => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const instances = worst.find(({ findings }) => findings.some((finding) => finding.code === code))
    if (instances === undefined) throw new Error(code)
    const item = itemOf(await precheckOf(cloudEvent(source, destination), { instances }), code)
    expect(item).toMatchObject({ status: 'failed', blocks: true, database: null })
    expect(item.cause).toMatch(/orders-prod|pgm-1/)
    const good = await precheckOf(cloudEvent(source, destination), { instances: judged() })
    expect(itemOf(good, code).status).toBe('passed')
  })

  test.each([
    'SRC_NOT_PUBLIC',
    'SRC_WITHOUT_SECURITY_GROUP',
    'DST_NOT_PUBLIC',
    'DST_TLS_OFF',
    'DST_TLS_CA_MISSING',
    'DST_TLS_OTHER_ENDPOINT',
  ])('%s is about the way: told where the server is not reached, no matter where it is', async (code) => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const instances = worst.find(({ findings }) => findings.some((finding) => finding.code === code))
    if (instances === undefined) throw new Error(code)
    const event = cloudEvent(source, destination)
    expect(itemOf(await precheckOf(event, { instances }), code).status).toBe('passed')
    const nowhere = { host: 'no-such-host.invalid', port: 1 }
    const unreached = { ...event, endpoints: { source: nowhere, destination: nowhere } }
    expect(itemOf(await precheckOf(unreached, { instances }), code)).toMatchObject({ status: 'failed', blocks: true })
  })

  test('DST_WHITELIST_IPV4_ONLY names the addresses that are left out', () => {
    const [finding] = judgeWhitelisting(apsara, ['52.1.2.3/32', '2600:1f18::7/128'])
    expect(finding).toMatchObject({
      code: 'DST_WHITELIST_IPV4_ONLY',
      message: expect.stringMatching(/not let in are 2600:1f18::7\/128$/),
    })
    expect(judgeWhitelisting(apsara, ['52.1.2.3/32'])).toEqual([])
  })

  test('what is wrong with TLS is told with what to do at this instance', () => {
    const [off] = judged({}, { ssl: false }).findings
    expect(off).toMatchObject({ code: 'DST_TLS_OFF', remedy: expect.stringMatching(/pgm-1, .*certificate for h /) })
    expect(judged({}, { ssl: false }, true, { mode: 'disable' }).findings).toEqual([])
    // Where nothing is known of it, nothing is told; what is trusted is the task's to say.
    expect(judged({}, { ssl: null, sslHost: null }).findings).toEqual([])
    expect(judged({}, {}, true, { mode: 'require' }).findings).toEqual([])
  })

  test('SRC_GROUPS_FULL is told, and can be acknowledged', async () => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const full: InstanceFinding = {
      code: 'SRC_GROUPS_FULL',
      level: 'warning',
      message: '8 find no room',
      remedy: 'none',
    }
    const event = cloudEvent(source, destination)
    const document = await precheckOf(event, { instances: { ...judged(), findings: [full] } })
    expect(itemOf(document, 'SRC_GROUPS_FULL')).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
  })

  test('plain hosts are asked nothing about instances', async () => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const document = await precheckOf(stepEvent(source, destination))
    expect(itemsOf(document, 'SRC_INSTANCE_NOT_AVAILABLE')).toEqual([])
    expect(itemsOf(document, 'SRC_NOT_PUBLICLY_ACCESSIBLE')).toEqual([])
  })

  test('a private instance is an info where the task lets DTS in', { tags: 'long' }, async () => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const instances = judged({ publiclyAccessible: false })
    const event = cloudEvent(source, destination)
    const item = itemOf(await precheckOf(event, { instances }), 'SRC_NOT_PUBLICLY_ACCESSIBLE')
    expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    const tight = { ...event, task: { ...event.task, access: { ...event.task.access, dtsCidrs: 'none' as const } } }
    expect(itemOf(await precheckOf(tight, { instances }), 'SRC_NOT_PUBLICLY_ACCESSIBLE').status).toBe('passed')
  })
})

describe('the account on ApsaraDB', () => {
  test('that is a standard one is an info; one that cannot be looked up is unknown', { tags: 'long' }, async () => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const event = cloudEvent(source, destination)
    const ofAccounts = async (accounts: ApsaraInstance['accounts']) =>
      itemOf(await precheckOf(event, { instances: judged({}, { accounts }) }), 'DST_ACCOUNT_STANDARD')
    const account = { name: 'postgres', status: 'Available' }
    expect((await ofAccounts([{ ...account, type: 'Super' }])).status).toBe('passed')
    const standard = await ofAccounts([{ ...account, type: 'Normal' }])
    expect(standard).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    expect(standard.cause).toContain('postgres is a standard account of pgm-1')
    expect((await ofAccounts([])).cause).toContain('none of the console’s accounts')
    expect((await ofAccounts(null)).status).toBe('not-run')
  })

  test('need not create databases: the cloud’s API does', async () => {
    const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const role = `no_createdb_${destination.name}`
    await destination.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    const event = cloudEvent(source, asUser(asDatabase(destination, 'to_be_ordered'), role, 'p'))
    const document = await precheckOf(event, { instances: judged() })
    expect(itemOf(document, 'DST_DATABASE_MISSING').status).toBe('passed')
    const told = itemOf(document, 'DST_DATABASE_TO_CREATE')
    expect(told).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    expect(told.remedy).toContain('rds:CreateDatabase')
    await destination.query(`DROP ROLE ${role}`)
  })
})

describe('free storage', () => {
  const sql = `CREATE TABLE t AS SELECT g AS a, repeat('x', 100) AS b FROM generate_series(1, 20000) AS g`

  test('less than 1.3 times the chosen data is an error with both figures', { tags: 'long' }, async () => {
    const [source, destination] = [await createDatabase(sharedServer(15), sql), await createDatabase(sharedServer(18))]
    const event = cloudEvent(source, destination)
    const tight = judged({}, { storage: 2 * 1024 ** 2, storageUsed: 1024 ** 2 })
    const item = itemOf(await precheckOf(event, { instances: tight }), 'DST_STORAGE_SHORT')
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.cause).toMatch(/^[45] MB are needed, 1 MB are free$/)
    expect(itemOf(await precheckOf(event, { instances: judged() }), 'DST_STORAGE_SHORT').status).toBe('passed')
    const without = { ...event.task, databases: event.task.databases.map((one) => ({ ...one, exclude: ['public.t'] })) }
    const few = await precheckOf(
      { ...event, task: without },
      { instances: judged({}, { storage: 2 * 1024 ** 2, storageUsed: 1024 ** 2 }) },
    )
    expect(itemOf(few, 'DST_STORAGE_SHORT').status).toBe('passed')
  })

  test('that nobody knows is no finding', { tags: 'long' }, async () => {
    const [source, destination] = [await createDatabase(sharedServer(15), sql), await createDatabase(sharedServer(18))]
    const instances = judged({}, { storageUsed: null })
    const item = itemOf(await precheckOf(cloudEvent(source, destination), { instances }), 'DST_STORAGE_SHORT')
    expect(item).toMatchObject({ status: 'not-run', blocks: false })
    const plain = itemOf(await precheckOf(stepEvent(source, destination)), 'DST_STORAGE_SHORT')
    expect(plain).toMatchObject({ status: 'not-run', blocks: false })
  })
})
