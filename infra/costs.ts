import { MONTH_HOURS, type Prices, SECONDS_PER_CALL } from '../lambdas/core/present/costs.ts'
import { idlePause } from '../lambdas/core/runtime/idle.ts'
import { awayFor } from '../lambdas/stages/copy/lane/turn.ts'

/** State transitions of one day, by who makes them: a long copy consists of calls and of waiting. */
export interface Day {
  readonly who: string
  readonly transitions: number
}

const DAY_SECONDS = 24 * 3600
/** A call is its Task and its Choice; who waits has a Wait besides. */
const CALL_TRANSITIONS = 2
const WAITING_TRANSITIONS = 3
/** A keeper's call, less the margin before its end. */
const SECONDS_PER_KEEPER = 880
/** What a lane without work looks itself before it leaves the waiting to the state machine. */
const LOOK_SECONDS = { copy: 60, index: 10 }

/** A day in the middle of a copy that takes many; a chapter's own transitions are a dozen a week. */
export function dayOfALongCopy(): readonly Day[] {
  const calls = (seconds: number, transitions: number) => Math.round((DAY_SECONDS / seconds) * transitions)
  // One lane is at work: the second is the next that would be wanted, the third one of many.
  const away = (lane: number) => awayFor(lane, 1, DAY_SECONDS)
  return [
    { who: 'a lane at work', transitions: calls(SECONDS_PER_CALL, CALL_TRANSITIONS) },
    { who: 'the two keepers of the view', transitions: 2 * calls(SECONDS_PER_KEEPER, CALL_TRANSITIONS) },
    { who: 'a lane that may be wanted next', transitions: calls(LOOK_SECONDS.copy + away(1), WAITING_TRANSITIONS) },
    { who: 'a lane that is not wanted', transitions: calls(LOOK_SECONDS.copy + away(2), WAITING_TRANSITIONS) },
    {
      who: 'an index lane without work',
      transitions: calls(LOOK_SECONDS.index + idlePause(DAY_SECONDS), WAITING_TRANSITIONS),
    },
  ]
}

/** What a deployed stack costs a month while nothing is migrated. */
export function standing(
  prices: Prices,
  stack: { readonly alarmMetrics: number; readonly metrics: number; readonly secrets: number },
) {
  const sweeps = (30 * 24 * 60) / 15
  const sweep = sweeps * (prices.lambdaRequest.price + 2 * 0.5 * prices.lambdaArmGigabyteSecond.price)
  const alarms = stack.alarmMetrics * prices.alarmMonth.price
  const metrics = stack.metrics * prices.metricMonth.price
  const secrets = stack.secrets * prices.secretMonth.price
  const nat = MONTH_HOURS * (prices.natHour.price + prices.publicAddressHour.price)
  return { alarms, metrics, secrets, sweep, total: alarms + metrics + secrets + sweep, nat }
}
