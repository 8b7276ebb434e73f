import { holdBinary, turnToText } from '../../../core/ledger/chunks/take-back.ts'
import { writeEvents } from '../../../core/ledger/events.ts'
import { fenceRun } from '../../../core/ledger/fence.ts'
import { type Relation, titleOf } from '../../../core/ledger/relation.ts'
import { readRelations } from '../../../core/ledger/relations.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import { emptyRelation } from '../../../core/rows/empty-relation.ts'

/**
 * What servers answer to a binary form that is not theirs: invalid binary representation, protocol violation ("insufficient
 * data left in message"), "wrong element type", no send or receive function, not supported, and the internal errors of
 * types that check no further.
 */
const WRONG_BINARY = new Set(['22P03', '08P01', '42804', '42883', '0A000', 'XX000'])

/** Whether the planner's guess that the relation may travel in binary form was wrong. */
export function isWrongBinary(relation: Relation, thrown: unknown): boolean {
  return relation.format === 'binary' && thrown instanceof DatabaseError && WRONG_BINARY.has(thrown.sqlState ?? '')
}

/**
 * Lets a relation travel as text from now on. Chunks that arrived are copied again, because their digests were made of the
 * binary form. Takes the relation's row FOR UPDATE: no lane is inside it, and of two lanes that were refused one resets.
 */
export async function travelAsText(
  destination: Session,
  run: string,
  relation: Relation,
  because: string,
): Promise<void> {
  await inTransaction(destination, async () => {
    await fenceRun(destination, run)
    if (!(await holdBinary(destination, run, relation.oid))) return
    await emptyRelation(destination, run, relation)
    await turnToText(destination, run, relation.oid, `its binary form was refused (${because})`)
    const message = `${titleOf(relation)} travels as text from now on: its binary form was refused (${because})`
    await writeEvents(destination, run, [{ level: 'warning', step: 'CopyLanes', code: 'FORMAT_FELL_BACK', message }])
  })
}

/**
 * The relations that have fallen back. Asked in the transaction of a claim, behind it: the claim holds its relations FOR
 * SHARE, so what is answered of them stays.
 */
export async function readFallenBack(destination: Session, run: string): Promise<readonly Relation[]> {
  return readRelations(destination, run, 'fell_back')
}
