import { lazyService } from './aws-client.ts'
import { awsCall } from './aws-errors.ts'
import type { CloudEnvironment } from './environment.ts'

const cloudWatch = lazyService(
  () => import('@aws-sdk/client-cloudwatch'),
  (sdk, settings) => new sdk.CloudWatchClient(settings),
  'source',
)

/** What an instance of RDS was at over one minute. */
export interface Datum {
  readonly value: number
  /** When the minute began, milliseconds since 1970. */
  readonly since: number
}

/** A datum whose minute ended longer ago says nothing about now. CloudWatch tells it a minute or two late. */
const OLDEST_MILLISECONDS = 3 * 60_000
const PERIOD_SECONDS = 60

export interface MetricQuery {
  readonly metric: 'CPUUtilization' | 'FreeStorageSpace'
  /** What is read, for people. */
  readonly title: string
  /** Of whom, by the query's name; the newest of them counts. */
  readonly dimensions: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The newest average of a metric of RDS over one minute. @returns `null` where CloudWatch has none of the last minutes */
export async function readMetric(
  environment: CloudEnvironment,
  region: string,
  { metric, title, dimensions }: MetricQuery,
  signal: AbortSignal,
  now: number = Date.now(),
): Promise<Datum | null> {
  const { client, sdk } = await cloudWatch(environment, region)
  const command = new sdk.GetMetricDataCommand({
    StartTime: new Date(now - 10 * 60_000),
    EndTime: new Date(now),
    ScanBy: 'TimestampDescending',
    MetricDataQueries: Object.entries(dimensions).map(([Id, of]) => ({
      Id,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/RDS',
          MetricName: metric,
          Dimensions: Object.entries(of).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: PERIOD_SECONDS,
        Stat: 'Average',
      },
    })),
  })
  const answer = await awsCall(`read ${title} (cloudwatch:GetMetricData)`, () =>
    client.send(command, { abortSignal: signal }),
  )
  const data = (answer.MetricDataResults ?? []).flatMap(({ Timestamps = [], Values = [] }) =>
    Timestamps.flatMap((since, index) => {
      const value = Values[index]
      return value === undefined ? [] : [{ value, since: since.getTime() }]
    }),
  )
  const newest = data.toSorted((one, other) => other.since - one.since)[0]
  const tooOld = newest !== undefined && newest.since + PERIOD_SECONDS * 1000 + OLDEST_MILLISECONDS < now
  return newest === undefined || tooOld ? null : newest
}
