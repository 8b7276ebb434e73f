import { z } from 'zod'
import { SampanError } from '../runtime/errors.ts'
import { alibaba } from './alibaba.ts'
import { AlibabaError } from './alibaba-errors.ts'
import {
  accountsAnswer,
  arraysAnswer,
  attributeAnswer,
  databasesAnswer,
  netAnswer,
  performanceAnswer,
  sslAnswer,
  usageAnswer,
} from './apsara-answers.ts'
import { chooseEndpoint, type WhitelistNetwork, whitelistNetwork } from './apsara-endpoint.ts'
import type { CloudEnvironment } from './environment.ts'

/** What is known about a destination on ApsaraDB. */
export interface ApsaraInstance {
  readonly instance: string
  readonly region: string
  /** The public endpoint where there is one, else the one inside the VPC. */
  readonly host: string
  readonly port: number
  /** Whether `host` is reached over the Internet. */
  readonly publicEndpoint: boolean
  readonly engine: string
  /** E.g. `16.0`. */
  readonly engineVersion: string
  /** `Running` when it can be used and changed. */
  readonly status: string
  /** `Unlock`, or why it is locked (`lockOf`). */
  readonly lockMode: string
  /** Bytes. */
  readonly storage: number
  /** Bytes in use, `null` where the service does not tell. */
  readonly storageUsed: number | null
  readonly maxConnections: number | null
  readonly cpu: number | null
  /** Of the last minutes, percent; `null` where the service does not tell. */
  readonly cpuPercent: number | null
  /** Megabytes. */
  readonly memory: number | null
  /** Whether TLS is switched on; `null` where the service does not tell. */
  readonly ssl: boolean | null
  /** The one endpoint that the certificate is for; `null` where the service does not tell. */
  readonly sslHost: string | null
  /** The database accounts the console knows; `null` where the service does not tell. */
  readonly accounts: readonly ApsaraAccount[] | null
}

export type ApsaraEndpoint = Pick<ApsaraInstance, 'host' | 'port' | 'publicEndpoint'>

export interface ApsaraAccount {
  readonly name: string
  /** `Super`: a privileged account; `Normal`: a standard one. */
  readonly type: string
  /** `Available` when one can log in as it. */
  readonly status: string
}

/** One whitelist group. */
export interface IpArray {
  readonly name: string
  /** `hidden` groups belong to Alibaba's own services. */
  readonly attribute: string
  readonly addresses: readonly string[]
}

export interface ApsaraDatabase {
  readonly name: string
  readonly status: string
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly accounts: readonly { readonly account: string; readonly privilege: string }[]
}

/** Append adds, Delete removes; Cover replaces the whole group and is for a group of one's own only. */
export type ModifyMode = 'Append' | 'Delete' | 'Cover'

/** One ApsaraDB RDS instance, through its OpenAPI 2014-08-15. */
export interface Apsara {
  /** @throws SampanError `DST_INSTANCE_NOT_FOUND`, `DST_INSTANCE_WITHOUT_ENDPOINT` */
  describe(): Promise<ApsaraInstance>
  /** Where it answers, in one call: as `describe` finds it. The same errors. */
  endpoint(): Promise<ApsaraEndpoint>
  ipArrays(): Promise<readonly IpArray[]>
  modifySecurityIps(group: string, mode: ModifyMode, addresses: readonly string[]): Promise<void>
  /** Whether a refusal says that entries are there already. Reading decides: the same code may mean something else. */
  isDuplicate(error: SampanError): boolean
  databases(name?: string): Promise<readonly ApsaraDatabase[]>
  /** Makes a database; one that is there already is no error. */
  createDatabase(name: string, characterSet: string): Promise<void>
  /** Makes an account the owner of a database, with all rights in it. */
  grantOwner(database: string, account: string): Promise<void>
}

/** Codes seen in public client code; none is confirmed by a live call. */
const DUPLICATE = new Set(['InvalidSecurityIPList.Duplicate', 'InvalidSecurityIPListLength.Malformed'])

export function apsara(environment: CloudEnvironment, region: string, instance: string, signal?: AbortSignal): Apsara {
  let network: Promise<WhitelistNetwork> | undefined
  const ask = async <Answer>(
    action: string,
    shape: z.ZodType<Answer>,
    parameters: Record<string, unknown> = {},
    modifies = false,
  ): Promise<Answer> => {
    const answer = await alibaba(environment).call({
      product: 'rds',
      region,
      action,
      modifies,
      parameters: { DBInstanceId: instance, ...parameters },
      ...(signal ? { signal } : {}),
    })
    const parsed = shape.safeParse(answer)
    if (parsed.success) return parsed.data
    throw strangeAnswer(action, parsed.error)
  }

  /** Asked once; where it is refused, as in the standard mode: closing must not hang on it. */
  const networkOfWhitelist = () => {
    network ??= ask('DescribeDBInstanceNetInfo', netAnswer)
      .catch(unknownIfRefused)
      .then((answer) => (answer ? whitelistNetwork(answer) : 'MIX'))
    return network
  }

  return {
    async describe() {
      const attribute = await ask('DescribeDBInstanceAttribute', attributeAnswer).catch(notFound(instance, region))
      const facts = attribute.Items.DBInstanceAttribute[0]
      if (!facts) throw missing(instance, region)
      const endpoint = chooseEndpoint(await ask('DescribeDBInstanceNetInfo', netAnswer))
      if (!endpoint) throw withoutEndpoint(instance, facts.DBInstanceStatus)
      // Facts for the precheck only: a key without these rights can still migrate.
      const usage = await ask('DescribeResourceUsage', usageAnswer).catch(unknownIfRefused)
      const ssl = await ask('DescribeDBInstanceSSL', sslAnswer).catch(unknownIfRefused)
      const load = await ask('DescribeDBInstancePerformance', performanceAnswer, cpuNow()).catch(unknownIfRefused)
      const accounts = await ask('DescribeAccounts', accountsAnswer, { PageSize: 200 }).catch(unknownIfRefused)
      return {
        instance,
        region,
        ...endpoint,
        engine: facts.Engine,
        engineVersion: facts.EngineVersion,
        status: facts.DBInstanceStatus,
        lockMode: facts.LockMode,
        storage: (facts.DBInstanceStorage ?? 0) * 1024 ** 3,
        storageUsed: usage?.DiskUsed ?? null,
        maxConnections: facts.MaxConnections ?? null,
        cpu: facts.DBInstanceCPU ?? null,
        cpuPercent: newestOf(load),
        memory: facts.DBInstanceMemory ?? null,
        ssl: isOn(ssl?.SSLEnabled ?? ''),
        sslHost: ssl?.ConnectionString || null,
        accounts:
          accounts?.Accounts.DBInstanceAccount.map((one) => ({
            name: one.AccountName,
            type: one.AccountType,
            status: one.AccountStatus,
          })) ?? null,
      }
    },

    async endpoint() {
      const endpoint = chooseEndpoint(
        await ask('DescribeDBInstanceNetInfo', netAnswer).catch(notFound(instance, region)),
      )
      if (!endpoint) throw withoutEndpoint(instance, 'Running')
      return endpoint
    },

    async ipArrays() {
      const answer = await ask('DescribeDBInstanceIPArrayList', arraysAnswer).catch(notFound(instance, region))
      return answer.Items.DBInstanceIPArray.map((group) => ({
        name: group.DBInstanceIPArrayName,
        attribute: group.DBInstanceIPArrayAttribute,
        addresses: group.SecurityIPList.split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      }))
    },

    async modifySecurityIps(group, mode, addresses) {
      // Without a group name the default group is meant, without a mode it is overwritten: both are always sent.
      await ask(
        'ModifySecurityIps',
        z.object({}),
        {
          DBInstanceIPArrayName: group,
          ModifyMode: mode,
          SecurityIps: addresses.join(','),
          // The only value it has.
          SecurityIPType: 'IPv4',
          WhitelistNetworkType: await networkOfWhitelist(),
        },
        true,
      )
    },

    isDuplicate: (error) => error instanceof AlibabaError && DUPLICATE.has(error.alibabaCode),

    async databases(name) {
      const found: ApsaraDatabase[] = []
      for (let page = 1; ; page++) {
        const parameters = { DBName: name, PageNumber: page, PageSize: 100 }
        const answer = await ask('DescribeDatabases', databasesAnswer, parameters)
        found.push(...answer.Databases.Database.map(databaseOf))
        if (answer.Databases.Database.length < 100) return found
      }
    },

    async createDatabase(name, characterSet) {
      try {
        await ask('CreateDatabase', z.object({}), { DBName: name, CharacterSetName: characterSet }, true)
      } catch (error) {
        if (error instanceof AlibabaError && error.alibabaCode === 'InvalidDBName.Duplicate') return
        throw error
      }
    },

    async grantOwner(database, account) {
      const parameters = { DBName: database, AccountName: account, AccountPrivilege: 'DBOwner' }
      await ask('GrantAccountPrivilege', z.object({}), parameters, true)
    },
  }
}

function databaseOf(database: z.output<typeof databasesAnswer>['Databases']['Database'][number]): ApsaraDatabase {
  const accounts = database.Accounts?.AccountPrivilegeInfo ?? []
  return {
    name: database.DBName,
    status: database.DBStatus,
    encoding: database.CharacterSetName,
    collate: database.Collate,
    ctype: database.Ctype,
    accounts: accounts.map((one) => ({ account: one.Account, privilege: one.AccountPrivilege })),
  }
}

/**
 * The CPU of the last ten minutes. Its name for PostgreSQL is another one than for MySQL; times are UTC, to the minute.
 * https://www.alibabacloud.com/help/en/rds/developer-reference/api-rds-2014-08-15-describedbinstanceperformance
 */
function cpuNow(now = Date.now()): Readonly<Record<string, string>> {
  const minute = (time: number) => `${new Date(time).toISOString().slice(0, 16)}Z`
  return { Key: 'CpuUsage', StartTime: minute(now - 10 * 60_000), EndTime: minute(now) }
}

function newestOf(answer: z.output<typeof performanceAnswer> | undefined): number | null {
  const values = answer?.PerformanceKeys.PerformanceKey[0]?.Values.PerformanceValue ?? []
  const newest = values.toSorted((one, other) => Date.parse(one.Date) - Date.parse(other.Date)).at(-1)
  const percent = Number(newest?.Value.split('&')[0] ?? Number.NaN)
  return Number.isFinite(percent) ? percent : null
}

/** PostgreSQL says `on` and `off`, other engines `Yes` and `No`. */
function isOn(said: string): boolean | null {
  if (/^(on|yes|1)$/i.test(said)) return true
  return /^(off|no|0)$/i.test(said) ? false : null
}

/** Nothing about the instance that a refused extra question would have told. Busy services are asked again by the step. */
function unknownIfRefused(error: unknown): undefined {
  if (error instanceof SampanError && !error.retryable) return undefined
  throw error
}

const notFound = (instance: string, region: string) => (error: unknown) => {
  throw error instanceof AlibabaError && error.gone ? missing(instance, region, error) : error
}

function missing(instance: string, region: string, cause?: unknown): SampanError {
  return new SampanError({
    code: 'DST_INSTANCE_NOT_FOUND',
    message: `there is no ApsaraDB instance ${instance} in ${region}`,
    remedy: 'check destination.apsaraInstance and destination.region, and that the access key is of the right account',
    cause,
  })
}

function withoutEndpoint(instance: string, status: string): SampanError {
  return new SampanError({
    code: 'DST_INSTANCE_WITHOUT_ENDPOINT',
    message: `the ApsaraDB instance ${instance} has no endpoint (status ${status})`,
    remedy: 'wait until it is Running, or give it a public endpoint in the console (Database Connection)',
    retryable: status !== 'Running',
  })
}

function strangeAnswer(action: string, error: z.ZodError): SampanError {
  const paths = error.issues.map((issue) => issue.path.join('.')).join(', ')
  return new SampanError({
    code: 'ALIBABA_ANSWER_STRANGE',
    message: `${action} answered in a form that Sampan does not know (at ${paths})`,
    remedy: 'report it with the action’s name; nothing was changed by this call',
  })
}
