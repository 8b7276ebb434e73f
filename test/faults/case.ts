import type { FunctionName } from '../../statemachine/functions.ts'
import { DDL_NAMES } from './ddl-commands.ts'
import type { Fault, InnerFault, Moment, OuterFault } from './fault.ts'
import { type Choices, choicesOf } from './random.ts'
import {
  bytesFrom,
  FIRST_ASKING,
  isLastAsking,
  LOCKING,
  LONG,
  SEVERAL,
  type Side,
  STEPS,
  stepsFrom,
  stepsThatMeet,
} from './steps.ts'

const SINGLE_KINDS = [
  'kill',
  'cut',
  'duplicate',
  'time-out',
  'source-restart',
  'destination-restart',
  'source-failover',
  'destination-failover',
  'crowd',
  'session',
] as const
type SingleKind = (typeof SINGLE_KINDS)[number]

/** `two`: faults of two different kinds, one after the other. */
const NUMBERED_KINDS = [...SINGLE_KINDS, 'two'] as const
type NumberedKind = (typeof NUMBERED_KINDS)[number]

/**
 * `ddl` has a numbering of its own: its seeds bring every command to steps, not every kind. So has `follow`, whose runs have writers
 * beside them (follow/case.ts).
 */
export const KINDS = [...NUMBERED_KINDS, 'ddl', 'follow'] as const
export type Kind = (typeof KINDS)[number]

/** One case: what is done to a migration, and when. The same seed is the same case. */
export interface FaultCase {
  readonly seed: number
  readonly kind: Exclude<Kind, 'follow'>
  readonly step: FunctionName
  /** In the order of the steps. */
  readonly faults: readonly Fault[]
  readonly lanes: number
  /** MB/s of the copy; `null`: as fast as it goes. */
  readonly megabytes: number | null
}

/** Every kind with every step at which it can be met. */
export const PAIRS = NUMBERED_KINDS.flatMap((kind) => stepsOf(kind).map((step) => ({ kind, step })))

/** From kind to kind, and then to another step. No divisor in common with the number of pairs: every one comes once. */
const STRIDE = 13

export function readCase(seed: number): FaultCase {
  const choices = choicesOf(seed)
  const { kind, step } = PAIRS[(seed * STRIDE) % PAIRS.length] as (typeof PAIRS)[number]
  const { between, yes } = choices
  return {
    seed,
    kind,
    step,
    lanes: between(2, 4),
    megabytes: yes() ? null : between(2, 6),
    faults: kind === 'two' ? twoFaults(step, choices) : [readFault(kind, step, choices)],
  }
}

/** The steps between which the structure may change: from the first question to the last word on what has changed. */
const DDL_STEPS = stepsFrom('PrecheckFunction', 'SealFunction')
/** Where plan, view and rows could come from different moments: half of the cases are here. */
const UNTIL_COPIED = stepsFrom('PlanObjectsFunction', 'CopyLaneFunction')

/** A change of the source's structure. As many seeds as there are commands bring each of them once. */
export function readDdlCase(seed: number): FaultCase {
  const { between, pick, yes } = choicesOf(seed)
  const command = DDL_NAMES[seed % DDL_NAMES.length] as string
  const step = pick(yes() ? UNTIL_COPIED : DDL_STEPS)
  const moment = { step, call: SEVERAL.includes(step) ? between(1, 2) : 1, delay: between(0, LONG[step] ?? 10) }
  const fault: Fault = { ...moment, kind: 'ddl', command, killed: yes() ? between(0, 600) : null }
  return { seed, kind: 'ddl', step, lanes: between(2, 4), megabytes: yes() ? null : between(2, 6), faults: [fault] }
}

function stepsOf(kind: NumberedKind): readonly FunctionName[] {
  switch (kind) {
    case 'kill':
    case 'duplicate':
    case 'time-out':
    case 'two':
      return STEPS
    case 'cut':
    case 'crowd':
    case 'session':
    case 'destination-restart':
    case 'destination-failover':
      return stepsThatMeet('destination')
    case 'source-restart':
    case 'source-failover':
      return stepsThatMeet('source')
  }
}

/** This step and another one, each with a fault of another kind. */
function twoFaults(step: FunctionName, choices: Choices): Fault[] {
  for (;;) {
    const steps = [step, choices.pick(STEPS)].sort((one, other) => STEPS.indexOf(one) - STEPS.indexOf(other))
    const kinds = steps.map((each) => choices.pick(SINGLE_KINDS.filter((kind) => stepsOf(kind).includes(each))))
    const [first, second] = steps as [FunctionName, FunctionName]
    const [one, other] = kinds as [SingleKind, SingleKind]
    // A server that is gone before anybody asks it is met by the first that does: only then is it the next fault's turn.
    const met = /^(kill|duplicate|time-out)$/.test(one) ? first : later(first, FIRST_ASKING)
    if (one === other || STEPS.indexOf(second) <= STEPS.indexOf(met)) continue
    // What has failed over stands elsewhere and has no standby: it is not restarted.
    if (one.endsWith('-failover') && other === one.replace('failover', 'restart')) continue
    return [onlyOnce(readFault(one, first, choices)), onlyOnce(readFault(other, second, choices))]
  }
}

/** Only the cases of their own are killed again and again, or written to in a server that others need as it was. */
function onlyOnce(fault: Fault): Fault {
  if (fault.kind === 'kill') return { ...fault, lives: [] }
  return fault.kind === 'restart' ? { ...fault, written: false } : fault
}

function later(one: FunctionName, other: FunctionName): FunctionName {
  return STEPS.indexOf(one) > STEPS.indexOf(other) ? one : other
}

function readFault(kind: SingleKind, step: FunctionName, choices: Choices): Fault {
  const { between } = choices
  const long = LONG[step] ?? 10
  const moment: Moment = {
    step,
    call: SEVERAL.includes(step) ? between(1, 2) : 1,
    delay: between(0, isLastAsking(step) && kind !== 'kill' ? Math.floor(long / 8) : long),
  }
  return { ...moment, ...readKind(kind, step, long, choices) }
}

function readKind(kind: SingleKind, step: FunctionName, long: number, choices: Choices): InnerFault | OuterFault {
  const { between, logarithmic, pick, yes } = choices
  const sides = (['source', 'destination'] as const).filter((side) => stepsThatMeet(side).includes(step))
  const away = between(0, 1500)
  switch (kind) {
    case 'kill':
      return { kind, lives: Array.from({ length: between(0, 2) }, () => between(400, 3500)) }
    case 'cut':
      return { kind, cuts: Array.from({ length: between(1, 3) }, () => cutOf(pick(sides))) }
    case 'duplicate': {
      const when = pick(['beside', 'beside', 'late'] as const)
      const milliseconds = when === 'late' ? between(50, 2000) : between(0, 40)
      return { kind, when, heard: yes() ? 0 : 1, milliseconds }
    }
    case 'time-out': {
      const how = pick(['told', 'cut', 'lost'] as const)
      return { kind, how, milliseconds: logarithmic(1, Math.max(1, long / 2)), calls: between(1, 3) }
    }
    case 'source-restart':
    case 'destination-restart':
      return {
        ...{ kind: 'restart', side: sideOfKind(kind), how: pick(['crash', 'immediate', 'fast'] as const), away },
        written: kind === 'source-restart' && yes(),
      }
    case 'source-failover':
    case 'destination-failover':
      return { kind: 'failover', side: sideOfKind(kind), away, written: kind === 'source-failover' && yes() }
    case 'crowd':
      return { kind, side: pick(sides), away: between(1000, 3000) }
    case 'session': {
      const how = pick(
        LOCKING.includes(step) ? (['cancel', 'terminate', 'deadlock'] as const) : (['cancel', 'terminate'] as const),
      )
      const side = how === 'deadlock' ? 'destination' : pick(sides)
      return { kind, side, how, times: between(1, 3), table: pick(['customer', '"Order"', 'heap_log']) }
    }
  }

  function cutOf(side: Side) {
    return { side, bytes: logarithmic(1, bytesFrom(step, side)), direction: pick(['received', 'sent'] as const) }
  }
}

function sideOfKind(kind: SingleKind): Side {
  return kind.startsWith('source') ? 'source' : 'destination'
}
