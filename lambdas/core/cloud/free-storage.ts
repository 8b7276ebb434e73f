import type { CloudEnvironment } from './environment.ts'
import { readMetric } from './rds-metric.ts'

/**
 * The newest `FreeStorageSpace` of an RDS instance, bytes. Aurora has none: its storage grows by itself.
 * @returns `null` where CloudWatch has none of the last minutes
 */
export async function readFreeStorage(
  environment: CloudEnvironment,
  region: string,
  identifier: string,
  signal: AbortSignal,
  now: number = Date.now(),
): Promise<number | null> {
  const dimensions = { instance: { DBInstanceIdentifier: identifier } }
  const query = { metric: 'FreeStorageSpace', title: `the free storage of ${identifier}`, dimensions } as const
  return (await readMetric(environment, region, query, signal, now))?.value ?? null
}
