import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { dropScratches, scratchPrefix } from '../../../core/postgres/scratches.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { inBatches } from '../../../core/runtime/in-batches.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { createDatabase, type DatabaseForm } from '../plan/database/destination-database.ts'
import type { Refused, Scratch } from './scratch.ts'
import { dumpScratch } from './scratch-dump.ts'

/** Objects of one transaction: it locks each of them, and the lock table is the whole server's. */
const BATCH = 50

/**
 * A database of its own beside the destination's, for those who may create one.
 * @param beside a session to the destination's database
 * @throws SampanError `DST_CREATE_DATABASE_DENIED`
 */
export async function scratchDatabase(
  event: StepEvent,
  step: StepTools,
  beside: Session,
  form: DatabaseForm,
  timeout: () => number,
): Promise<Scratch> {
  let number = 0
  const made: string[] = []
  const make = async () => {
    let name: string
    // One that is there is of another attempt of this very start, which may still be at it.
    do {
      number += 1
      name = `${scratchPrefix(ownerOf(event))}${number}`
    } while (!(await createDatabase(beside, name, form)))
    made.push(name)
    return openDestination(event, step.environment, { purpose: 'scratch', database: name, signal: step.signal })
  }
  let session: Session
  try {
    session = await make()
  } catch (thrown) {
    // Why it cannot be used is what is told; what stays all the same is dropped by the next attempt (findScratches).
    await dropScratches(beside, made).catch(() => {})
    throw thrown
  }
  return {
    get session() {
      return session
    },
    make: (statements) => makeAll(session, statements),
    dump: () => dumpScratch(session, { signal: step.signal, timeout }),
    async empty() {
      session.destroy()
      session = await make()
    },
    async remove() {
      session.destroy()
      await removeScratches(event, step, made)
    },
  }
}

/** Transactions of some statements each, sent without waiting. Where one fails its statements are sent once more, one by one. */
async function makeAll(session: Session, statements: readonly string[]): Promise<readonly Refused[]> {
  const batches = inBatches(statements, BATCH).map((texts, index) => ({ first: index * BATCH, texts }))
  const settled = await Promise.allSettled(batches.map(({ texts }) => session.execute(texts.join('\n;\n'))))
  const failed = batches.filter((_, index) => settled[index]?.status === 'rejected')
  const single = failed.flatMap(({ first, texts }) => texts.map((text, at) => ({ number: first + at, text })))
  const answers = await Promise.allSettled(single.map(({ text }) => session.execute(text)))
  return answers.flatMap((answer, index) => {
    if (answer.status === 'fulfilled') return []
    return [{ number: single[index]?.number ?? 0, ...saidBy(answer.reason) }]
  })
}

/** @throws whatever is no answer of the server to the statement */
function saidBy(thrown: unknown): Omit<Refused, 'number'> {
  if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection' || thrown.sqlState === null) throw thrown
  return { state: thrown.sqlState, message: thrown.message.replace(/^the destination answered: /, '') }
}

/** On a session of its own: it is wanted in every ending. Another start’s are not this one’s to drop. */
async function removeScratches(
  event: StepEvent,
  step: Pick<StepTools, 'environment'>,
  names: readonly string[],
): Promise<void> {
  const session = await openDestination(event, step.environment, { purpose: 'scratch-sweep' })
  try {
    await dropScratches(session, names)
  } finally {
    await session.close()
  }
}

/** Of this run, this database and this start. */
function ownerOf({ run, database }: StepEvent) {
  return { run: run.id, as: database?.as ?? '', execution: run.execution }
}
