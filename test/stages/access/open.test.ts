import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInstances } from '../../../lambdas/core/cloud/instances.ts'
import { whitelistGroup } from '../../../lambdas/stages/access/open-whitelist.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import { times } from '../../../local/fakes/faults.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
beforeEach(async () => {
  access = await startAccess()
})
afterEach(() => access.stop())

const group = whitelistGroup('local', 'orders')
const counted = (action: string) => access.clouds.state.calls.filter((call) => call.action === action).length

test('the way in is opened for DTS and the workers, tagged, and both endpoints are answered', async () => {
  const endpoints = await access.open()
  expect(endpoints).toEqual({
    source: { host: 'orders-prod.example.us-east-1.rds.amazonaws.com', port: 5432 },
    destination: { host: 'pgm-1pub.pgsql.singapore.rds.aliyuncs.com', port: 5432 },
  })
  const added = access.rules().filter((rule) => rule.tags['sampan:execution'] === 'e1')
  expect(added.map((rule) => rule.cidrIpv4).sort()).toEqual(
    ['47.74.206.0/24', '47.88.133.0/24', '47.88.235.0/24', '52.1.2.3/32'].sort(),
  )
  expect(added[0]).toMatchObject({
    fromPort: 5432,
    toPort: 5432,
    description: 'Sampan run orders: workers',
    tags: { 'sampan:stack': 'local', 'sampan:run': 'orders', 'sampan:expires': '2026-09-08T10:00:00.000Z' },
  })
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect(access.rules('sg-2')).toHaveLength(1)
})

test('the record tells what was opened, what stood before, and why', async () => {
  await access.open()
  const record = await access.record()
  expect(record.open).toHaveLength(5)
  expect(record.opened.filter((entry) => entry.existedBefore)).toMatchObject([{ cidr: '47.88.139.0/24' }])
  expect(record.opened.every((entry) => entry.kind === 'whitelist-entry' || entry.ruleId?.startsWith('sgr-'))).toBe(
    true,
  )
  expect(record).toMatchObject({ intended: [], closed: [], closedAt: null })
  expect(record.notes.map((note) => note.code)).toEqual(['DTS_CIDRS'])
})

test('opening again adds nothing and forgets nothing', async () => {
  await access.open()
  const first = { standing: access.standing(), record: await access.record() }
  await access.open()
  expect(access.standing()).toBe(first.standing)
  expect((await access.record()).opened).toEqual(first.record.opened)
})

test('with "none" only the workers come in', async () => {
  await access.open({ access: { dtsCidrs: 'none', whitelistAddresses: ['52.9.9.9', '52.9.9.8'] } })
  const added = access.rules().filter((rule) => rule.tags['sampan:execution'])
  expect(added.map((rule) => rule.cidrIpv4)).toEqual(['52.1.2.3/32', '52.9.9.8/31'])
  expect(counted('WhiteIpList')).toBe(0)
})

test('workers inside the VPC come in by their security group, not by addresses', async () => {
  access.variables = { SAMPAN_EGRESS_ADDRESSES: '52.1.2.3', SAMPAN_WORKER_SECURITY_GROUP: 'sg-0workers' }
  addSecurityGroup(access.clouds.state.ec2, 'sg-0workers')
  access.rds.publiclyAccessible = false
  await access.open({ access: { dtsCidrs: 'none' } })
  expect(access.rules().at(-1)).toMatchObject({ referencedGroup: 'sg-0workers' })
  expect(access.peers()).not.toContain('52.1.2.3/32')
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect((await readInstances(access.store, access.event().run))?.findings).toEqual([])
})

test('plain hosts open nothing and ask no cloud', async () => {
  const side = { user: 'u', password: 'p' }
  const endpoints = await access.open({
    source: { host: 'a.example', port: 5433, ...side },
    destination: { host: 'b.example', ...side },
  })
  expect(endpoints).toEqual({
    source: { host: 'a.example', port: 5433 },
    destination: { host: 'b.example', port: 5432 },
  })
  expect(access.clouds.state.calls).toEqual([])
})

test('everything wrong with the instances is left to the precheck, all at once', async () => {
  Object.assign(access.rds, { publiclyAccessible: false, engineVersion: '9.3.25', status: 'storage-full' })
  await access.open()
  const found = await readInstances(access.store, access.event().run)
  expect(found?.findings.map((finding) => finding.code)).toEqual([
    'SRC_VERSION_TOO_OLD',
    'SRC_INSTANCE_NOT_AVAILABLE',
    'SRC_NOT_PUBLIC',
  ])
  expect(found?.source).toMatchObject({ identifier: 'orders-prod', caCertificateIdentifier: 'rds-ca-rsa2048-g1' })
  expect(found?.destination).toMatchObject({ storage: 500 * 1024 ** 3, maxConnections: 3200 })
})

test('both instances missing is one error with both in it', async () => {
  access.clouds.state.rds.instances.clear()
  access.clouds.state.alibaba.instances.clear()
  const error = await access.open().catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'ACCESS_REFUSED', retryable: false })
  expect(error.message).toMatch(/SRC_INSTANCE_NOT_FOUND.*DST_INSTANCE_NOT_FOUND/)
})

test('private and broad blocks of a task are refused with the words that approve them', async () => {
  const wide = { dtsCidrs: ['47.0.0.0/8', '10.1.0.0/16'], whitelistAddresses: ['192.168.1.1'] }
  const error = await access.open({ access: wide }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'ACCESS_BLOCKS_REFUSED', retryable: false })
  expect(error.message).toMatch(/47\.0\.0\.0\/8.*10\.1\.0\.0\/16.*192\.168\.1\.1/)
  const many = { acknowledge: ['ACCESS_BLOCKS_MANY', 'ACCESS_BLOCK_PRIVATE'] }
  await expect(access.open({ access: wide, precheck: many })).rejects.toMatchObject({ code: 'ACCESS_BLOCKS_REFUSED' })
  expect(access.isAsBefore()).toBe(true)
  await access.open({ access: wide, precheck: { acknowledge: ['ACCESS_BLOCK_BROAD', 'ACCESS_BLOCK_PRIVATE'] } })
  expect(access.peers()).toEqual(expect.arrayContaining(['47.0.0.0/8', '10.1.0.0/16', '192.168.1.1/32']))
})

test('in a deployed stack a task opens no broader block than the deployment says, whatever it approves', async () => {
  access.variables = { ...access.variables, SAMPAN_STACK: 'Sampan' }
  const wide = {
    access: { dtsCidrs: ['47.0.0.0/12'], whitelistAddresses: ['48.0.0.0/12'] },
    precheck: { acknowledge: ['ACCESS_BLOCK_BROAD', 'ACCESS_BLOCKS_MANY'] },
  }
  const error = await access.open(wide).catch((thrown) => thrown)
  expect(error.message).toMatch(/47\.0\.0\.0\/12.*BEYOND_STACK.*48\.0\.0\.0\/12.*BEYOND_STACK/)
  expect(error.remedy).toMatch(/broadestBlock(?!.*acknowledge)/)
  expect(access.isAsBefore()).toBe(true)
  access.variables = { ...access.variables, SAMPAN_BROADEST_BLOCK: '12,32' }
  await access.open(wide)
  expect(access.peers()).toContain('47.0.0.0/12')
})

test('where the two DTS lists differ the whitelist’s is opened and the difference is told', async () => {
  const described = '47.88.133.0/24,47.99.0.0/24'
  access.clouds.state.alibaba.dts.set('ap-southeast-1', { white: '47.88.133.0/24,47.74.206.0/24', described })
  await access.open()
  expect(access.peers()).toContain('47.74.206.0/24')
  expect(access.peers()).not.toContain('47.99.0.0/24')
  const note = (await access.record()).notes.find((one) => one.code === 'DTS_CIDRS_DIFFER')
  expect(note?.message).toBe(
    'only DescribeDTSIP names 47.99.0.0/24 (not opened); only WhiteIpList names 47.74.206.0/24 (opened)',
  )
})

test('without room in any group nothing is opened', async () => {
  access.variables = { ...access.variables, SAMPAN_RULES_PER_GROUP: '3' }
  const many = Array.from({ length: 7 }, (_, index) => `47.${index}.0.0/24`)
  await expect(access.open({ access: { dtsCidrs: many } })).rejects.toMatchObject({ code: 'ACCESS_QUOTA_EXCEEDED' })
  expect(access.isAsBefore()).toBe(true)
})

test('more blocks than one batch are opened batch after batch, in the next group where the first is full', async () => {
  const many = Array.from({ length: 79 }, (_, index) => `47.${index}.0.0/24`)
  await access.open({ access: { dtsCidrs: many } })
  expect(access.rules('sg-1')).toHaveLength(60)
  expect(access.rules('sg-2')).toHaveLength(23)
  expect((await access.record()).open).toHaveLength(81)
})

test('a rule somebody adds between looking and adding is not ours', async () => {
  access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', {
    kind: 'meanwhile',
    run: () => {
      const sg = access.clouds.state.ec2.groups.get('sg-1')
      const rule = {
        id: 'sgr-0theirs',
        protocol: 'tcp',
        fromPort: 5432,
        toPort: 5432,
        tags: {},
        cidrIpv4: '47.74.206.0/24',
      }
      if (sg) sg.rules = [...sg.rules, rule]
    },
  })
  await access.open()
  const theirs = (await access.record()).opened.find((entry) => entry.cidr === '47.74.206.0/24')
  expect(theirs).toMatchObject({ ruleId: 'sgr-0theirs', existedBefore: true })
  await access.close()
  expect(access.rules().map((rule) => rule.id)).toContain('sgr-0theirs')
})

test('an answer lost on the way is found by its tag: the rules are ours', async () => {
  access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', { kind: 'answer-lost' })
  await access.open()
  const record = await access.record()
  expect(record.open.filter((entry) => entry.kind === 'security-group-rule')).toHaveLength(4)
  expect(record.intended).toEqual([])
})

test('EC2 and ApsaraDB may show their old state for a while', async () => {
  access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', {
    kind: 'meanwhile',
    run: () => {
      access.clouds.state.ec2.staleDescriptions = 2
    },
  })
  access.clouds.state.faults.next('ModifySecurityIps', {
    kind: 'meanwhile',
    run: () => {
      access.apsara.staleReads = 2
    },
  })
  await access.open()
  expect((await access.record()).open).toHaveLength(5)
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
})

test('other whitelist groups are never touched', async () => {
  await access.open()
  const changed = access.clouds.state.calls.filter((call) => call.action === 'ModifySecurityIps')
  expect(new Set(changed.map((call) => call.parameters.DBInstanceIPArrayName))).toEqual(new Set([group]))
  expect(changed.map((call) => call.parameters.ModifyMode)).toEqual(['Append'])
})

test('without any address the whitelist stays alone, and that is told', async () => {
  access.variables = {}
  await access.open()
  expect(access.apsara.ipArrays.has(group)).toBe(false)
  expect((await access.record()).notes.map((note) => note.code)).toContain('WHITELIST_NOTHING')
})

test('throttling without end is retryable, and the next attempt completes what is missing', {
  tags: 'long',
}, async () => {
  access.clouds.state.faults.next('AuthorizeSecurityGroupIngress', ...times(5, { kind: 'throttle' }))
  const error = await access.open().catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'AWS_THROTTLED', retryable: true })
  await access.open()
  expect((await access.record()).open).toHaveLength(5)
})

test('IPv6 blocks get rules; the whitelist takes IPv4 only, which is told', async () => {
  access.variables = {}
  await access.open({ access: { dtsCidrs: ['2400:3200::/48'], whitelistAddresses: ['2600:1f18::7', '52.1.2.3'] } })
  expect(access.rules().flatMap((rule) => rule.cidrIpv6 ?? [])).toEqual(['2600:1f18::7/128', '2400:3200::/48'])
  expect(access.apsara.ipArrays.get(group)?.addresses).toEqual(['52.1.2.3'])
  expect((await readInstances(access.store, access.event().run))?.findings).toEqual([
    expect.objectContaining({ code: 'DST_WHITELIST_IPV4_ONLY', message: expect.stringContaining('2600:1f18::7') }),
  ])
  await access.close()
  expect(access.isAsBefore()).toBe(true)
})

test.each([
  [true, 'Classic'],
  [false, 'VPC'],
])(
  'in the enhanced whitelist mode an entry is for the network of the endpoint in use (public: %s)',
  async (publicEndpoint, network) => {
    Object.assign(access.apsara, { securityIpMode: 'safety', publicEndpoint })
    await access.open()
    expect(access.apsara.ipArrays.get(group)).toMatchObject({ addresses: ['52.1.2.3'], network })
    await access.close()
    expect(access.apsara.ipArrays.get(group)).toMatchObject({ addresses: ['127.0.0.1'], network })
  },
)

test('closing does not hang on the question for the whitelist’s mode', async () => {
  await access.open()
  access.clouds.state.faults.next(
    'DescribeDBInstanceNetInfo',
    ...times(9, { kind: 'error', code: 'Forbidden.RAM', status: 403 } as const),
  )
  await access.close()
  expect(access.isAsBefore()).toBe(true)
})

test('the endpoint is the primary one, never the read/write splitting proxy', async () => {
  access.apsara.splitting = true
  expect((await access.open()).destination.host).toBe('pgm-1pub.pgsql.singapore.rds.aliyuncs.com')
})

test('a whitelist without room says how full it is, and what was opened is closed', async () => {
  const fill = (name: string, count: number) =>
    access.apsara.ipArrays.set(name, {
      attribute: '',
      addresses: Array.from({ length: count }, (_, place) => `10.0.${place >> 8}.${place & 255}`),
    })
  const full = () => access.open().catch((thrown: unknown) => thrown)
  for (let number = access.apsara.ipArrays.size; number < 200; number++) fill(`group_${number}`, 1)
  expect(await full()).toMatchObject({
    code: 'DST_WHITELIST_FULL',
    message: expect.stringContaining('200 of 200 whitelist groups, and none for this run'),
    retryable: false,
  })
  // The last place is taken by somebody else, between the look and the change.
  access.apsara.ipArrays.delete('group_199')
  fill('group_198', 1000 - 3 - 196 - 1)
  const lastPlace = () => void fill('group_198', 1000 - 3 - 196)
  access.clouds.state.faults.next('ModifySecurityIps', { kind: 'meanwhile', run: lastPlace })
  expect(await full()).toMatchObject({
    code: 'DST_WHITELIST_FULL',
    message: expect.stringContaining('1000 of 1000 addresses and blocks, and 1 are wanted'),
    remedy: expect.stringContaining('join addresses'),
  })
  await access.close()
  expect(access.peers()).toEqual(['198.51.100.7/32', '47.88.139.0/24'])
  expect(access.apsara.ipArrays.has(group)).toBe(false)
})

test.each([
  ['LockByDiskQuota', 'because its storage is full', 'enlarge'],
  ['LockByExpiration', 'because it has expired', 'renew'],
  ['LockByRestoration', 'being restored', 'wait'],
  ['ManualLock', 'by hand', 'who has locked it'],
  ['LockOfTomorrow', '(LockMode LockOfTomorrow)', 'console'],
])('an instance locked by %s is told with why, and what lifts it', async (lockMode, why, remedy) => {
  access.apsara.lockMode = lockMode
  const code = 'DST_INSTANCE_LOCKED'
  const told = { code, message: expect.stringContaining(why), remedy: expect.stringContaining(remedy) }
  await expect(access.open()).rejects.toMatchObject({ ...told, retryable: false })
  expect((await readInstances(access.store, access.event().run))?.findings).toContainEqual(
    expect.objectContaining(told),
  )
  // What stands there already needs no change: the precheck tells the lock.
  access.apsara.ipArrays.set(group, { attribute: '', addresses: ['52.1.2.3'] })
  await access.open()
  const message = expect.stringContaining('OperationDenied.LockMode')
  await expect(access.close()).rejects.toMatchObject({ code: 'ACCESS_LEFT_OPEN', message })
  access.apsara.lockMode = 'Unlock'
  await access.close()
  expect(access.isAsBefore()).toBe(true)
})
