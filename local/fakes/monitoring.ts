/** One minute of `CPUUtilization`. */
export interface FakeDatum {
  /** When the minute began, milliseconds since 1970. */
  readonly since: number
  readonly percent: number
}

interface Query {
  readonly Id: string
  readonly MetricStat: {
    readonly Metric: {
      readonly Namespace: string
      readonly MetricName: string
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[]
    }
    readonly Period: number
    readonly Stat: string
  }
}

/** GetMetricData for CPUUtilization of AWS/RDS: a cluster's by its writer, an instance's by itself, newest first. */
export function answerMonitoring(
  cpu: ReadonlyMap<string, readonly FakeDatum[]>,
  parameters: Readonly<Record<string, unknown>>,
): unknown {
  const { StartTime, EndTime, MetricDataQueries } = parameters as {
    readonly StartTime: number
    readonly EndTime: number
    readonly MetricDataQueries: readonly Query[]
  }
  return {
    MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric, Period } }) => {
      const dimension = (name: string) => Metric.Dimensions.find(({ Name }) => Name === name)?.Value
      const cluster = dimension('Role') === 'WRITER' ? dimension('DBClusterIdentifier') : undefined
      const known = Metric.Namespace === 'AWS/RDS' && Metric.MetricName === 'CPUUtilization' && Period === 60
      const key = cluster === undefined ? dimension('DBInstanceIdentifier') : `cluster:${cluster}`
      const data = (known ? (cpu.get(key ?? '') ?? []) : [])
        .filter(({ since }) => since >= StartTime * 1000 && since < EndTime * 1000)
        .toSorted((one, other) => other.since - one.since)
      return {
        Id,
        Label: 'CPUUtilization',
        StatusCode: 'Complete',
        Timestamps: data.map(({ since }) => since / 1000),
        Values: data.map(({ percent }) => percent),
      }
    }),
  }
}
