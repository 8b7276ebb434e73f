import { afterAll, beforeAll, expect, test } from 'vitest'
import { apsara } from '../../../lambdas/core/cloud/apsara.ts'
import { makeApsaraDatabase } from '../../../lambdas/core/cloud/apsara-database.ts'
import { dtsBlocks } from '../../../lambdas/core/cloud/dts-cidrs.ts'
import { apsaraInstance, type FakeApsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

let clouds: FakeClouds
let instance: FakeApsaraInstance
const region = 'ap-southeast-1'

beforeAll(async () => {
  instance = apsaraInstance({ instance: 'pgm-1', port: 3433 })
  clouds = await startFakeClouds({
    apsara: [instance, apsaraInstance({ instance: 'pgm-inside', publicEndpoint: false })],
  })
})
afterAll(() => clouds.stop())

test('an ApsaraDB instance is described in bytes and numbers, by its public endpoint', async () => {
  expect(await apsara(clouds.environment, region, 'pgm-1').describe()).toEqual({
    instance: 'pgm-1',
    region,
    host: 'pgm-1pub.pgsql.singapore.rds.aliyuncs.com',
    port: 3433,
    publicEndpoint: true,
    engine: 'PostgreSQL',
    engineVersion: '16.0',
    status: 'Running',
    lockMode: 'Unlock',
    storage: 500 * 1024 ** 3,
    storageUsed: 2_337_275_904,
    maxConnections: 3200,
    cpu: 4,
    cpuPercent: 12.5,
    memory: 32768,
    ssl: true,
    sslHost: 'pgm-1pub.pgsql.singapore.rds.aliyuncs.com',
    accounts: [{ name: 'postgres', type: 'Super', status: 'Available' }],
  })
})

test('without a public endpoint the one inside the VPC is told', async () => {
  const found = await apsara(clouds.environment, region, 'pgm-inside').describe()
  expect(found).toMatchObject({ host: 'pgm-inside.pgsql.singapore.rds.aliyuncs.com', publicEndpoint: false })
})

test('a database is ordered with the source’s encoding and locale, waited for, and given to the account', async () => {
  instance.accounts.set('writer', 'Normal')
  instance.createDatabase = () => new Promise((resolve) => setTimeout(resolve, 100))
  const form = { encoding: 'UTF8', collate: 'C', ctype: 'en_US.UTF-8' }
  const order = { region, instance: 'pgm-1', name: 'ordered', ...form, account: 'writer' }
  const patience = { attempts: 10, firstPause: 20, longestPause: 50 }
  await makeApsaraDatabase(clouds.environment, order, undefined, patience)
  expect(instance.databases.get('ordered')).toEqual({ characterSet: 'UTF8,C,en_US.utf8', status: 'Running' })
  expect(instance.owners).toEqual(['writer of ordered'])
  // A privileged account needs no grant, and a second order is as good as the first.
  await makeApsaraDatabase(clouds.environment, { ...order, account: 'postgres' }, undefined, patience)
  expect(instance.owners).toHaveLength(1)
})

test('a database that does not come into being is worth another try', async () => {
  instance.createDatabase = () => new Promise(() => {})
  const form = { encoding: 'UTF8', collate: 'C', ctype: 'C' }
  const order = { region, instance: 'pgm-1', name: 'never', ...form, account: 'writer' }
  const patience = { attempts: 3, firstPause: 5, longestPause: 5 }
  await expect(makeApsaraDatabase(clouds.environment, order, undefined, patience)).rejects.toMatchObject({
    code: 'DST_DATABASE_NOT_READY',
    retryable: true,
  })
})

test('what a key may not read is unknown, not an error', async () => {
  clouds.state.faults.next('DescribeDBInstanceSSL', { kind: 'error', code: 'Forbidden.RAM', status: 403 })
  expect((await apsara(clouds.environment, region, 'pgm-1').describe()).ssl).toBeNull()
})

test('an instance that does not exist is named with its region', async () => {
  await expect(apsara(clouds.environment, region, 'pgm-none').describe()).rejects.toMatchObject({
    code: 'DST_INSTANCE_NOT_FOUND',
    message: expect.stringContaining(region),
  })
})

test('a whitelist change always names its group and its mode', async () => {
  const door = apsara(clouds.environment, region, 'pgm-1')
  await door.modifySecurityIps('sampan_0011aabb', 'Append', ['203.0.113.10', '203.0.113.11'])
  expect(clouds.state.calls.at(-1)?.parameters).toMatchObject({
    DBInstanceIPArrayName: 'sampan_0011aabb',
    ModifyMode: 'Append',
    SecurityIPType: 'IPv4',
  })
  const groups = await door.ipArrays()
  expect(groups.find((group) => group.name === 'default')?.addresses).toEqual(['127.0.0.1'])
  expect(groups.find((group) => group.name === 'sampan_0011aabb')?.addresses).toEqual(['203.0.113.10', '203.0.113.11'])
})

test('databases are listed page by page, and making one twice is no error', async () => {
  const door = apsara(clouds.environment, region, 'pgm-1')
  instance.databases.clear()
  instance.createDatabase = () => {}
  for (let number = 0; number < 100; number++) instance.databases.set(`db${number}`, { characterSet: 'UTF8,C,C' })
  await door.createDatabase('shop', 'UTF8,C,en_US.utf8')
  await door.createDatabase('shop', 'UTF8,C,en_US.utf8')
  const all = await door.databases()
  expect(all).toHaveLength(101)
  expect(await door.databases('shop')).toMatchObject([
    { name: 'shop', encoding: 'UTF8', collate: 'C', ctype: 'en_US.utf8' },
  ])
})

test('an answer in an unknown form names the place, not the content', async () => {
  const body = '{"RequestId":"r","Items":{"DBInstanceIPArray":"secret content"}}'
  clouds.state.faults.next('DescribeDBInstanceIPArrayList', { kind: 'answer', status: 200, body })
  const error = await apsara(clouds.environment, region, 'pgm-1')
    .ipArrays()
    .catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'ALIBABA_ANSWER_STRANGE' })
  expect(error.message).toContain('Items.DBInstanceIPArray')
  expect(error.message).not.toContain('secret content')
})

test('the DTS blocks are asked of two actions for the destination region', async () => {
  const found = await dtsBlocks(clouds.environment, region)
  expect(found.source).toBe('WhiteIpList')
  expect(found.blocks).toHaveLength(4)
  expect(found.compare).toContain('11.193.8.0/24')
})

test('where WhiteIpList is refused DescribeDTSIP stands in, and the reason is kept', async () => {
  clouds.state.faults.next('WhiteIpList', { kind: 'error', code: 'Forbidden.RAM', status: 403 })
  const found = await dtsBlocks(clouds.environment, region)
  expect(found).toMatchObject({
    source: 'DescribeDTSIP',
    compare: null,
    missing: expect.stringContaining('Forbidden.RAM'),
  })
})

test('where neither answers the remedy is another setting', async () => {
  await expect(dtsBlocks(clouds.environment, 'mars-north-1')).rejects.toMatchObject({
    code: 'DTS_CIDRS_UNKNOWN',
    remedy: expect.stringContaining('access.dtsCidrs'),
  })
})
