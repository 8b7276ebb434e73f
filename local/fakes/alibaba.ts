import { createHmac } from 'node:crypto'
import { answerSts, type FakeSts } from './alibaba-sts.ts'
import { arraysOf, modifySecurityIps } from './alibaba-whitelist.ts'

export interface FakeApsaraInstance {
  readonly instance: string
  readonly region: string
  readonly host: string
  readonly port: number
  status: string
  /** `Unlock`, or why it is locked: its whitelist cannot be changed then. */
  lockMode: string
  engineVersion: string
  /** Gigabytes. */
  storage: number
  diskUsed: number
  /** Percent, a minute each, newest last. */
  cpuPercent: readonly number[]
  publicEndpoint: boolean
  /** It has a read/write splitting endpoint too, which is told first. */
  splitting: boolean
  ssl: { enabled: string; host: string | null }
  /** `safety`: whitelist groups hold for the VPC, or for the classic network and the Internet. */
  securityIpMode: 'normal' | 'safety'
  readonly ipArrays: Map<string, { attribute: string; addresses: string[]; network?: string }>
  readonly databases: Map<string, { readonly characterSet: string; status?: string }>
  /** Type by name: `Super` or `Normal`. */
  readonly accounts: Map<string, string>
  /** Does what CreateDatabase asks for, as SQL on a real server for example. */
  createDatabase: (name: string, characterSet: string) => void | Promise<void>
  /** `account of database`, in order. */
  readonly owners: string[]
  /** That many reads still show the whitelist from before the last change. */
  staleReads: number
  before: ReadonlyMap<string, { readonly attribute: string; readonly addresses: readonly string[] }>
}

export interface FakeAlibaba {
  readonly instances: Map<string, FakeApsaraInstance>
  /** By region: what `WhiteIpList` and `DescribeDTSIP` answer. */
  readonly dts: Map<string, { readonly white: string; readonly described: string }>
  readonly nonces: Set<string>
  readonly sts: FakeSts
}

/** What is not given: a running PostgreSQL 16 in ap-southeast-1 with the whitelist groups every instance has. */
export function apsaraInstance(given: Partial<FakeApsaraInstance> & { readonly instance: string }): FakeApsaraInstance {
  return {
    region: 'ap-southeast-1',
    host: `${given.instance}pub.pgsql.singapore.rds.aliyuncs.com`,
    port: 5432,
    status: 'Running',
    lockMode: 'Unlock',
    engineVersion: '16.0',
    storage: 500,
    diskUsed: 2_337_275_904,
    cpuPercent: [3.1, 12.5],
    publicEndpoint: true,
    splitting: false,
    ssl: { enabled: 'on', host: null },
    securityIpMode: 'normal',
    ipArrays: new Map([
      ['default', { attribute: '', addresses: ['127.0.0.1'] }],
      ['hdm_security_ips', { attribute: 'hidden', addresses: ['100.104.0.0/16', '11.115.0.0/16'] }],
    ]),
    databases: new Map(),
    accounts: new Map([['postgres', 'Super']]),
    createDatabase: () => {},
    owners: [],
    staleReads: 0,
    before: new Map(),
    ...given,
  }
}

export interface AlibabaAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export const refusal = (status: number, code: string, message = 'refused'): AlibabaAnswer => ({
  status,
  body: { RequestId: 'FAKE-REFUSED', HostId: 'fake', Code: code, Message: message },
})

export const accepted = (body: Readonly<Record<string, unknown>> = {}): AlibabaAnswer => ({
  status: 200,
  body: { RequestId: 'FAKE-0000', ...body },
})

/** Checks the RPC signature (HMAC-SHA1) by an implementation of its own, the nonce and the clock. */
export function checkRpcSignature(
  alibaba: FakeAlibaba,
  method: string,
  parameters: URLSearchParams,
  accessKeyId: string,
  secret: string,
): AlibabaAnswer | undefined {
  const signature = parameters.get('Signature')
  if (!signature) return refusal(400, 'MissingSignature', 'the call is not signed')
  if (parameters.get('AccessKeyId') !== accessKeyId) return refusal(404, 'InvalidAccessKeyId.NotFound')
  const nonce = parameters.get('SignatureNonce') ?? ''
  if (nonce === '' || alibaba.nonces.has(nonce)) return refusal(400, 'SignatureNonceUsed')
  alibaba.nonces.add(nonce)
  if (Math.abs(Date.now() - Date.parse(parameters.get('Timestamp') ?? '')) > 15 * 60_000) {
    return refusal(400, 'InvalidTimeStamp.Expired')
  }
  const pairs = [...parameters].filter(([name]) => name !== 'Signature')
  const canonical = pairs
    .map(([name, value]) => `${percent(name)}=${percent(value)}`)
    .sort()
    .join('&')
  const toSign = `${method}&${percent('/')}&${percent(canonical)}`
  const right = createHmac('sha1', `${secret}&`).update(toSign, 'utf8').digest('base64')
  if (right === signature) return undefined
  return refusal(400, 'SignatureDoesNotMatch', `Specified signature is not matched. server string to sign is:${toSign}`)
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function percent(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9\-_.~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

/** Carries out one action. */
export function answerAlibaba(alibaba: FakeAlibaba, parameters: URLSearchParams): AlibabaAnswer {
  const text = (name: string) => parameters.get(name) ?? ''
  const action = text('Action')
  if (text('Version') === '2015-04-01') return answerSts(alibaba.sts, parameters)
  if (text('Version') === '2020-01-01') return answerDts(alibaba, action, text)
  const instance = alibaba.instances.get(text('DBInstanceId'))
  if (!instance || instance.region !== text('RegionId')) return refusal(404, 'InvalidDBInstanceId.NotFound')
  switch (action) {
    case 'DescribeDBInstanceAttribute':
      return accepted({ Items: { DBInstanceAttribute: [attributeOf(instance)] } })
    case 'DescribeDBInstanceNetInfo':
      return accepted({
        InstanceNetworkType: 'VPC',
        SecurityIPMode: instance.securityIpMode,
        DBInstanceNetInfos: { DBInstanceNetInfo: networksOf(instance) },
      })
    case 'DescribeDBInstanceIPArrayList':
      return accepted({ Items: { DBInstanceIPArray: arraysOf(instance) } })
    case 'ModifySecurityIps':
      return modifySecurityIps(instance, text)
    case 'DescribeResourceUsage':
      return accepted({ DBInstanceId: instance.instance, Engine: 'PostgreSQL', DiskUsed: instance.diskUsed })
    case 'DescribeDBInstancePerformance':
      return performanceOf(instance, text)
    case 'DescribeDBInstanceSSL':
      return accepted({
        SSLEnabled: instance.ssl.enabled,
        ConnectionString: instance.ssl.host ?? instance.host,
        CAType: 'aliyun',
        ACL: 'prefer',
        ServerKey: 'a private key that must never be logged',
      })
    case 'DescribeDatabases':
      return accepted({
        Databases: { Database: databasesOf(instance, text('DBName'), Number(text('PageNumber') || 1)) },
      })
    case 'CreateDatabase':
      if (instance.databases.has(text('DBName'))) return refusal(400, 'InvalidDBName.Duplicate')
      return createDatabase(instance, text('DBName'), text('CharacterSetName'))
    case 'DescribeAccounts':
      return accepted({ Accounts: { DBInstanceAccount: accountsOf(instance) } })
    case 'GrantAccountPrivilege':
      if (!instance.databases.has(text('DBName'))) return refusal(404, 'InvalidDBName.NotFound')
      if (instance.accounts.get(text('AccountName')) !== 'Normal') return refusal(400, 'InvalidAccountType')
      if (text('AccountPrivilege') !== 'DBOwner') return refusal(400, 'InvalidAccountPrivilege.Malformed')
      instance.owners.push(`${text('AccountName')} of ${text('DBName')}`)
      return accepted()
    default:
      return refusal(404, 'InvalidAction.NotFound')
  }
}

/** By the minute, and only a range that lies in order, as documented. MySQL's names are another engine's. */
function performanceOf(instance: FakeApsaraInstance, text: (name: string) => string): AlibabaAnswer {
  const [from, to] = [text('StartTime'), text('EndTime')]
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(from)) return refusal(400, 'InvalidStartTime.Malformed')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/.test(to) || Date.parse(to) <= Date.parse(from))
    return refusal(400, 'InvalidEndTime.Malformed')
  if (text('Key') !== 'CpuUsage') return refusal(400, 'InvalidParameter')
  const minutes = instance.cpuPercent.map((percent, at) => ({
    Date: new Date(Date.parse(to) - (instance.cpuPercent.length - at) * 60_000).toISOString().replace('.000', ''),
    Value: String(percent),
  }))
  return accepted({
    DBInstanceId: instance.instance,
    Engine: 'PostgreSQL',
    PerformanceKeys: {
      PerformanceKey: [{ Key: 'CpuUsage', Unit: '%', ValueFormat: 'cpuusage', Values: { PerformanceValue: minutes } }],
    },
  })
}

function answerDts(alibaba: FakeAlibaba, action: string, text: (name: string) => string): AlibabaAnswer {
  const business = (code: string, field: string) =>
    accepted({
      Success: false,
      HttpStatusCode: 400,
      ErrCode: code,
      ErrMessage: 'Parameter %s was refused.',
      DynamicMessage: field,
    })
  if (action === 'WhiteIpList') {
    if (!['internet', 'vpc'].includes(text('Type'))) return business('InvalidParameter', 'Type')
    const blocks = alibaba.dts.get(text('DestinationRegion'))
    return blocks
      ? accepted({ Success: true, HttpStatusCode: 200, IpList: blocks.white })
      : business('InvalidParameter', 'Region')
  }
  if (action === 'DescribeDTSIP') {
    const blocks = alibaba.dts.get(text('DestinationEndpointRegion'))
    if (!blocks) return business('InvalidParameter', 'SourceEndpointRegion')
    return accepted({ Success: 'true', DynamicCode: '500', ErrCode: 'InternalError', DynamicMessage: blocks.described })
  }
  if (action === 'DescribePreCheckStatus')
    return accepted({ Success: true, HttpStatusCode: 200, Code: '01', State: 'Success' })
  return refusal(404, 'InvalidAction.NotFound')
}

function attributeOf(instance: FakeApsaraInstance) {
  return {
    DBInstanceId: instance.instance,
    DBInstanceStatus: instance.status,
    Engine: 'PostgreSQL',
    EngineVersion: instance.engineVersion,
    RegionId: instance.region,
    DBInstanceCPU: '4',
    DBInstanceMemory: 32768,
    DBInstanceStorage: instance.storage,
    DBInstanceDiskUsed: String(instance.diskUsed),
    MaxConnections: 3200,
    LockMode: instance.lockMode,
    Category: 'HighAvailability',
    ConnectionString: instance.host.replace('pub.', '.'),
    Port: String(instance.port),
  }
}

function networksOf(instance: FakeApsaraInstance) {
  const port = String(instance.port)
  const normal = { ConnectionStringType: 'Normal', Port: port }
  const inside = { IPType: 'Private', ConnectionString: instance.host.replace('pub.', '.'), ...normal }
  const outside = { IPType: 'Public', ConnectionString: instance.host, ...normal }
  const splitting = { ...outside, ConnectionStringType: 'ReadWriteSplitting', ConnectionString: `rw${instance.host}` }
  return [...(instance.splitting ? [splitting] : []), inside, ...(instance.publicEndpoint ? [outside] : [])]
}

/** It shows as Creating first, and as Running once it has been looked at. */
function createDatabase(instance: FakeApsaraInstance, name: string, characterSet: string): AlibabaAnswer {
  if (!/^[a-z][a-z0-9_-]{0,62}[a-z0-9]$/.test(name)) return refusal(400, 'InvalidDBName.Malformed')
  const database = { characterSet, status: 'Creating' }
  instance.databases.set(name, database)
  void Promise.resolve(instance.createDatabase(name, characterSet)).then(() => {
    database.status = 'Running'
  })
  return accepted()
}

function accountsOf(instance: FakeApsaraInstance) {
  return [...instance.accounts].map(([name, type]) => ({
    AccountName: name,
    AccountType: type,
    AccountStatus: 'Available',
    DBInstanceId: instance.instance,
  }))
}

function databasesOf(instance: FakeApsaraInstance, name: string, page: number) {
  const all = [...instance.databases].filter(([each]) => name === '' || each === name)
  return all.slice((page - 1) * 100, page * 100).map(([each, database]) => {
    const [encoding = '', collate = '', ctype = ''] = database.characterSet.split(',')
    return {
      DBName: each,
      DBStatus: database.status ?? 'Running',
      CharacterSetName: encoding,
      Collate: collate,
      Ctype: ctype,
    }
  })
}
