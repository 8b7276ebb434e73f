import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { METRICS } from './metric-names.ts'

export type MetricName = (typeof METRICS)[keyof typeof METRICS]

const UNITS: Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  [METRICS.bytesCopied]: MetricUnit.Bytes,
  [METRICS.laneLag]: MetricUnit.Seconds,
}

/** Which series a value belongs to. */
export interface MetricDimensions {
  readonly run: string
  readonly lane?: number
}

/**
 * Writes values in the embedded metric format, on standard output, where CloudWatch Logs finds them. Without a namespace
 * (`POWERTOOLS_METRICS_NAMESPACE`, which the stack sets) there is nobody to look for them, and nothing is written.
 */
export function writeMetrics(
  dimensions: MetricDimensions,
  values: Partial<Record<MetricName, number>>,
  namespace = process.env.POWERTOOLS_METRICS_NAMESPACE,
): void {
  const entries = Object.entries(values) as [MetricName, number][]
  if (!namespace || entries.length === 0) return
  const metrics = new Metrics({ namespace, singleMetric: false })
  metrics.addDimension('run', dimensions.run)
  if (dimensions.lane !== undefined) metrics.addDimension('lane', String(dimensions.lane))
  for (const [name, value] of entries) metrics.addMetric(name, UNITS[name] ?? MetricUnit.Count, value)
  metrics.publishStoredMetrics()
}
