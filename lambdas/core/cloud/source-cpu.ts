import type { CloudEnvironment } from './environment.ts'
import { readMetric } from './rds-metric.ts'

/** The CPU of an instance over one minute. */
export interface CpuDatum {
  readonly percent: number
  /** When the minute began, milliseconds since 1970. */
  readonly since: number
}

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
  const dimensions = {
    instance: { DBInstanceIdentifier: identifier },
    writer: { DBClusterIdentifier: identifier, Role: 'WRITER' },
  }
  const query = { metric: 'CPUUtilization', title: `the CPU of ${identifier}`, dimensions } as const
  const datum = await readMetric(environment, region, query, signal, now)
  return datum === null ? null : { percent: datum.value, since: datum.since }
}
