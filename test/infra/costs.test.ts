import { describe, expect, it } from 'vitest'
import { STANDING } from '../../infra/costs-page.ts'
import { estimate, type Migration, readPrices } from '../../lambdas/core/present/costs.ts'
import { synthesise } from './stack.ts'

const prices = readPrices()
const migration = (
  gigabytes: number,
  chunkMegabytes: number,
  megabytesPerSecond: number,
  lanes: number,
): Migration => ({
  ...{ gigabytes, chunkMegabytes, megabytesPerSecond, lanes },
  memory: 1024,
})

describe('the cost of a run', () => {
  // Worked out independently: seconds of copying, of comparing, GB-seconds, hours; US dollars of NAT data and egress.
  it.each([
    [migration(100, 128, 15, 16), { copy: 8027, validate: 4013, gbs: 12_040, hours: 0.21, nat: 9, egress: 9 }],
    [migration(100, 64, 10, 16), { copy: 12_640, validate: 6320, gbs: 18_960, hours: 0.33, nat: 9, egress: 9 }],
    [migration(100, 512, 15, 16), { copy: 7127, validate: 3563, gbs: 10_690, hours: 0.19, nat: 9, egress: 9 }],
    [migration(1000, 256, 15, 32), { copy: 74_267, validate: 37_133, gbs: 111_400, hours: 0.97, nat: 90, egress: 90 }],
  ])('of $gigabytes GB in chunks of $chunkMegabytes MB is what a calculation by hand says', (given, expected) => {
    const costs = estimate(prices, given)
    expect(Math.round(costs.copySeconds)).toBe(expected.copy)
    expect(Math.round(costs.validateSeconds)).toBe(expected.validate)
    expect(costs.gigabyteSeconds).toBeCloseTo(expected.gbs, -1)
    expect(costs.hours).toBeCloseTo(expected.hours, 2)
    expect(costs.egress).toBeCloseTo(expected.egress, 6)
    // One hour of the gateway and its address.
    expect(costs.nat).toBeCloseTo(expected.nat + 0.05, 6)
  })

  it('of 100 GB is about 19 dollars, 15 where the source is private, of which Sampan’s own part is less than 20 cents', () => {
    const costs = estimate(prices, migration(100, 128, 15, 16))
    expect(costs.total).toBeCloseTo(9 + 9 + 1 + 0.05 + 0.17, 1)
    expect(costs.joined).toBeCloseTo(costs.total - 4.5, 6)
    expect(costs.lambda + costs.stepFunctions).toBeLessThan(0.2)
  })

  it('grows with the lanes’ calls, not with the chunks: a state transition per chunk would cost more than Lambda', () => {
    const coarse = estimate(prices, migration(1000, 1024, 15, 16))
    const fine = estimate(prices, migration(1000, 16, 15, 16))
    expect(fine.chunks).toBe(64 * coarse.chunks)
    expect(fine.transitions).toBeLessThan(3 * coarse.transitions)
    expect(3 * fine.chunks * prices.stepFunctionsTransition.price).toBeGreaterThan(fine.lambda)
  })
})

describe('docs/costs.md', () => {
  it('counts the alarms there are, their metrics, and the custom ones that are there at rest', () => {
    const stack = synthesise()
    const alarms = Object.values(stack.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties)
    expect(alarms).toHaveLength(STANDING.alarms)
    const metricsOf = ({ Metrics }: { Metrics?: { MetricStat?: unknown }[] }) =>
      Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1
    expect(alarms.map(metricsOf).reduce((sum, one) => sum + one)).toBe(STANDING.alarmMetrics)
    const filters = Object.values(stack.findResources('AWS::Logs::MetricFilter')).filter(
      ({ Properties }) => Properties.MetricTransformations[0].DefaultValue === 0,
    )
    // And RulesOpen, of every sweep.
    expect(filters.length + 1).toBe(STANDING.metrics)
  })
})
