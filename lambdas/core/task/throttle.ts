import { z } from 'zod'
import { isRecord, type Report } from './rule.ts'

const rate = (what: string) =>
  z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe(`${what}, all lanes of all databases together; null: no limit. Default null.`)

const automaticSchema = z.strictObject({
  sourceCpuPercent: z
    .number()
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'CPU of the source by CloudWatch (a figure per minute), percent, 1 to 100; only for a source named by rdsInstance. ' +
        'null: not looked at. Default null.',
    ),
  sourceLatencyMilliseconds: z
    .number()
    .positive()
    .max(1000)
    .nullable()
    .default(null)
    .describe(
      'How long a trivial query takes on the source, its way there included, milliseconds, at most 1000. null: not looked ' +
        'at. Default null.',
    ),
})

export const throttleSchema = z.strictObject({
  queriesPerSecond: rate('Queries per second to the source'),
  rowsPerSecond: rate('Rows per second to the destination'),
  megabytesPerSecond: rate('Megabytes (10^6 bytes) per second of rows'),
  automatic: automaticSchema
    .nullable()
    .default(null)
    .describe(
      'Hold the source below a target: all lanes copy slower while it is above, and faster again when it is below. Needs ' +
        'one of its fields; null: off. Default null.',
    ),
})

export function checkThrottle({ throttle, source }: Readonly<Record<string, unknown>>, report: Report): void {
  if (!isRecord(throttle) || !isRecord(throttle.automatic)) return
  const { sourceCpuPercent, sourceLatencyMilliseconds } = throttle.automatic
  const given = (value: unknown) => value !== null && value !== undefined
  if (!given(sourceCpuPercent) && !given(sourceLatencyMilliseconds)) {
    report(['throttle', 'automatic'], {
      code: 'TASK_AUTOMATIC_EMPTY',
      message: 'names no target',
      remedy: 'give sourceLatencyMilliseconds or sourceCpuPercent, or null to switch it off',
    })
  }
  if (given(sourceCpuPercent) && isRecord(source) && source.rdsInstance === undefined) {
    report(['throttle', 'automatic', 'sourceCpuPercent'], {
      code: 'TASK_AUTOMATIC_CPU',
      message: 'needs a source named by rdsInstance: CloudWatch knows the CPU of no other server',
      remedy: 'give sourceLatencyMilliseconds instead, or name the source by rdsInstance',
    })
  }
}
