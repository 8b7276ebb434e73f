import { lazyService } from './aws-client.ts'
import { awsCall } from './aws-errors.ts'
import type { CloudEnvironment } from './environment.ts'

const cloudWatch = lazyService(
  () => import('@aws-sdk/client-cloudwatch'),
  (sdk, settings) => new sdk.CloudWatchClient(settings),
  'source',
)

/** The CPU of an instance over one minute. */
export interface CpuDatum {
  readonly percent: number
  /** When the minute began, milliseconds since 1970. */
  readonly since: number
}

/** A datum whose minute ended longer ago says nothing about now. CloudWatch tells it a minute or two late. */
const OLDEST_MILLISECONDS = 3 * 60_000
const PERIOD_SECONDS = 60

/**
 * The newest `CPUUtilization` of an RDS instance, or of the writer of an Aurora cluster of that name: which of the two it is
 * needs no question of its own.
 * @returns `null` where CloudWatch has none of the last minutes
 */
export async function readSourceCpu(
  environment: CloudEnvironment,
  region: string,
  identifier: string,
  signal: AbortSignal,
  now: number = Date.now(),
): Promise<CpuDatum | null> {
  const { client, sdk } = await cloudWatch(environment, region)
  const query = (id: string, dimensions: Readonly<Record<string, string>>) => ({
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/RDS',
        MetricName: 'CPUUtilization',
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: PERIOD_SECONDS,
      Stat: 'Average',
    },
  })
  const command = new sdk.GetMetricDataCommand({
    StartTime: new Date(now - 10 * 60_000),
    EndTime: new Date(now),
    ScanBy: 'TimestampDescending',
    MetricDataQueries: [
      query('instance', { DBInstanceIdentifier: identifier }),
      query('writer', { DBClusterIdentifier: identifier, Role: 'WRITER' }),
    ],
  })
  const answer = await awsCall(`read the CPU of ${identifier} (cloudwatch:GetMetricData)`, () =>
    client.send(command, { abortSignal: signal }),
  )
  const data = (answer.MetricDataResults ?? []).flatMap(({ Timestamps = [], Values = [] }) =>
    Timestamps.flatMap((since, index) => {
      const percent = Values[index]
      return percent === undefined ? [] : [{ percent, since: since.getTime() }]
    }),
  )
  const newest = data.toSorted((one, other) => other.since - one.since)[0]
  const tooOld = newest !== undefined && newest.since + PERIOD_SECONDS * 1000 + OLDEST_MILLISECONDS < now
  return newest === undefined || tooOld ? null : newest
}
