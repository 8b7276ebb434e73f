import type { Session } from '../postgres/connect.ts'

/** An object of the source that did not arrive. */
export interface UnsettledObject {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly status: 'pending' | 'failed' | 'blocked'
  readonly errorCode: string | null
  /** It is made for its owner, when all else is accounted for. */
  readonly forOwner: boolean
}

/** What fills a materialized view: all of its rows are made from others, at any later time too. */
export function isFill(kind: string): boolean {
  return kind === 'MATERIALIZED VIEW DATA'
}

/** Objects without an account yet, and those that failed or were blocked by one that failed; in the archive's order. */
export async function readUnsettledObjects(destination: Session, run: string): Promise<UnsettledObject[]> {
  return destination.rows<UnsettledObject>(
    `SELECT kind, schema, name, status, error_code AS "errorCode", stage = 'own' AS "forOwner" FROM sampan.object
      WHERE run = $1 AND status IN ('pending', 'failed', 'blocked') ORDER BY position, id`,
    [run],
  )
}

/** A sequence with both its positions, the servers' own text. */
export interface SequenceAccount {
  readonly schema: string
  readonly name: string
  readonly lastValue: string
  readonly isCalled: boolean
  readonly destinationLastValue: string | null
  readonly destinationIsCalled: boolean | null
  readonly error: string | null
}

export async function readSequences(destination: Session, run: string): Promise<SequenceAccount[]> {
  return destination.rows<SequenceAccount>(
    `SELECT schema, name, last_value AS "lastValue", is_called AS "isCalled",
            destination_last_value AS "destinationLastValue", destination_is_called AS "destinationIsCalled",
            error_message AS error
       FROM sampan.sequence WHERE run = $1 ORDER BY schema, name`,
    [run],
  )
}

/** True where the destination's sequence will give the same next value. */
export function sequenceMatches(sequence: SequenceAccount): boolean {
  return sequence.lastValue === sequence.destinationLastValue && sequence.isCalled === sequence.destinationIsCalled
}
