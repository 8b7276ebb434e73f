/** One minute of `CPUUtilization`. */
export interface FakeDatum {
  /** When the minute began, milliseconds since 1970. */
  readonly since: number
  readonly percent: number
}

/** One minute of another metric. */
export interface FakeValue {
  readonly since: number
  readonly value: number
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

interface FakeMetrics {
  readonly cpu: ReadonlyMap<string, readonly FakeDatum[]>
  /** Bytes. */
  readonly freeStorage: ReadonlyMap<string, readonly FakeValue[]>
}

/** GetMetricData for CPUUtilization of AWS/RDS: a cluster's by its writer, an instance's by itself; and an instance's FreeStorageSpace. Newest first. */
export function answerMonitoring(
  { cpu, freeStorage }: FakeMetrics,
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
      const key = cluster === undefined ? dimension('DBInstanceIdentifier') : `cluster:${cluster}`
      const known: Readonly<Record<string, readonly FakeValue[] | undefined>> = {
        CPUUtilization: cpu.get(key ?? '')?.map(({ since, percent }) => ({ since, value: percent })),
        FreeStorageSpace: freeStorage.get(key ?? ''),
      }
      const data = ((Metric.Namespace === 'AWS/RDS' && Period === 60 && known[Metric.MetricName]) || [])
        .filter(({ since }) => since >= StartTime * 1000 && since < EndTime * 1000)
        .toSorted((one, other) => other.since - one.since)
      return {
        Id,
        Label: Metric.MetricName,
        StatusCode: 'Complete',
        Timestamps: data.map(({ since }) => since / 1000),
        Values: data.map(({ value }) => value),
      }
    }),
  }
}
