import type { Task } from '../../lambdas/core/task/task.ts'
import { type DatabaseEstimate, estimateDatabase, estimateRun, type Span } from './estimate.ts'
import type { MadePlan } from './make-plan.ts'
import type { Measured } from './measure.ts'

/** How long a run of the plan takes, and what that rests on. */
export interface TimeEstimate {
  readonly seconds: Span
  /** Parts of all databases together, each at one time. */
  readonly copy: Span
  readonly index: Span
  readonly compare: Span
  /** What travels from the source, bytes. */
  readonly sent: number
  readonly basis: {
    readonly samples: number
    readonly bytes: number
    readonly lanes: number
    /** Bytes of the source's files that all lanes copied in a second. */
    readonly bytesPerSecond: number
  }
}

/** @returns the estimate, or why there is none */
export function estimateTime({ databases, measured, seconds }: MadePlan, task: Task): TimeEstimate | string {
  const left = databases.filter(({ sealed }) => !sealed)
  if (left.length === 0) return 'an earlier start of the run has completed all of it, and nothing is left to do'
  const all = [...measured.values()]
  const together: Measured = {
    lanes: Math.max(0, ...all.map(({ lanes }) => lanes)),
    samples: all.flatMap(({ samples }) => samples),
    problem: null,
    seconds: 0,
  }
  if (together.samples.length === 0)
    return all.find(({ problem }) => problem !== null)?.problem ?? 'nothing was measured'
  const estimates = left.flatMap((plan) => {
    const own = measured.get(plan.name)
    const basis = own === undefined || own.samples.length === 0 ? together : own
    return estimateDatabase(plan, basis, task) ?? []
  })
  const { samples, lanes } = together
  const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0)
  const took = samples.reduce((sum, sample) => sum + sample.copySeconds, 0)
  return {
    seconds: estimateRun(estimates, seconds),
    copy: sumOf(estimates, ({ copy }) => copy),
    index: sumOf(estimates, ({ index }) => index),
    compare: sumOf(estimates, ({ compare }) => compare),
    sent: estimates.reduce((sum, estimate) => sum + estimate.sent, 0),
    basis: { samples: samples.length, bytes, lanes, bytesPerSecond: (lanes * bytes) / took },
  }
}

function sumOf(estimates: readonly DatabaseEstimate[], of: (estimate: DatabaseEstimate) => Span): Span {
  return estimates.reduce(
    (sum, estimate) => ({ low: sum.low + of(estimate).low, high: sum.high + of(estimate).high }),
    { low: 0, high: 0 },
  )
}
