import type { FunctionName } from '../../statemachine/functions.ts'
import type { Side } from './steps.ts'

/** The moment of a fault: so long after a call of a step begins. */
export interface Moment {
  readonly step: FunctionName
  /** Which call of the step, from 1: the second is another lane or keeper. */
  readonly call: number
  /** Milliseconds after the call begins. */
  readonly delay: number
}

/** SIGKILL to everything the run is. */
export interface Kill {
  readonly kind: 'kill'
  /** How long each further start lives, milliseconds; the last one is left alone. */
  readonly lives: readonly number[]
}

/** The network is lost. */
export interface Cut {
  readonly kind: 'cut'
  /** How many bytes pass before each cut. */
  readonly cuts: readonly { readonly side: Side; readonly bytes: number; readonly direction: 'received' | 'sent' }[]
}

/** The event is delivered twice. */
export interface Duplicate {
  readonly kind: 'duplicate'
  /** `beside`: both at once, the one that the index names is heard; `late`: again when the run has gone on. */
  readonly when: 'beside' | 'late'
  readonly heard: 0 | 1
  readonly milliseconds: number
}

export interface TimeOut {
  readonly kind: 'time-out'
  /** `told`: the handler sees its time end; `cut`: it is aborted without a warning; `lost`: it goes on. The last two are not heard. */
  readonly how: 'told' | 'cut' | 'lost'
  readonly milliseconds: number
  /** So many calls have so little time. */
  readonly calls: number
}

/** A server goes down and comes up again where it was. */
export interface Restart {
  readonly kind: 'restart'
  readonly side: Side
  /** Like the power going, or as `pg_ctl restart -m immediate` and `-m fast` do it. */
  readonly how: 'crash' | 'immediate' | 'fast'
  /** How long it stays away once the run has met it, milliseconds. */
  readonly away: number
  /** Of a source: it is written to before the run finds it. */
  readonly written: boolean
}

/** A server is killed and its standby promoted. */
export interface Failover {
  readonly kind: 'failover'
  readonly side: Side
  readonly away: number
  /** Of a source: it is written to before the run finds it. */
  readonly written: boolean
}

/** Every connection of a server is taken, those of the run too. */
export interface Crowd {
  readonly kind: 'crowd'
  readonly side: Side
  /** How long it lasts once the run has met it, milliseconds. */
  readonly away: number
}

/** Sessions of the run are ended by somebody else. */
export interface Strike {
  readonly kind: 'session'
  readonly side: Side
  readonly how: 'cancel' | 'terminate' | 'deadlock'
  readonly times: number
  /** `deadlock`: the table that is fought for. */
  readonly table: string
}

/** The source's structure is changed by an application that knows nothing of the run. */
export interface Ddl {
  readonly kind: 'ddl'
  /** One of `DDL`. */
  readonly command: string
  /** SIGKILL so long after the change is asked for, milliseconds; `null`: none. */
  readonly killed: number | null
}

/** What is done from within the process. */
export type InnerFault = Duplicate | TimeOut
/** What is done from outside. */
export type OuterFault = Kill | Cut | Restart | Failover | Crowd | Strike | Ddl

export type Fault = Moment & (InnerFault | OuterFault)

export function isInner(fault: Fault): fault is Moment & InnerFault {
  return fault.kind === 'duplicate' || fault.kind === 'time-out'
}
