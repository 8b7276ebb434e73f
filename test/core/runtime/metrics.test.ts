import { afterEach, describe, expect, test, vi } from 'vitest'
import { METRICS } from '../../../lambdas/core/runtime/metric-names.ts'
import { writeMetrics } from '../../../lambdas/core/runtime/metrics.ts'

afterEach(() => vi.restoreAllMocks())

/** What is written on standard output meanwhile, line by line. */
function written(act: () => void): string[] {
  const lines: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text))
    return true
  })
  act()
  return lines
}

describe('metrics', () => {
  test('are written in the embedded metric format, into the stack’s namespace, by run and lane', () => {
    const lines = written(() =>
      writeMetrics({ run: 'orders', lane: 3 }, { [METRICS.rowsCopied]: 7, [METRICS.laneLag]: 1.5 }, 'Sampan'),
    )
    expect(lines).toHaveLength(1)
    const line = JSON.parse(lines[0] ?? '')
    expect(line).toMatchObject({ run: 'orders', lane: '3', RowsCopied: 7, LaneLag: 1.5 })
    expect(line._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: 'Sampan',
      Metrics: [
        { Name: 'RowsCopied', Unit: 'Count' },
        { Name: 'LaneLag', Unit: 'Seconds' },
      ],
    })
  })

  test('are not written where no namespace is given: on one machine nobody looks for them', () => {
    expect(written(() => writeMetrics({ run: 'orders' }, { [METRICS.chunksLeft]: 3 }, undefined))).toEqual([])
  })
})
