import { createHash } from 'node:crypto'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { inBatches } from '../../../core/runtime/in-batches.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { createDatabase, type DatabaseForm } from '../plan/destination-database.ts'
import type { Refused, Scratch } from './scratch.ts'
import { dumpScratch } from './scratch-dump.ts'

/** WITH (FORCE) came with 13. */
const FORCE_SINCE = 130_000

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
  const make = async () => {
    number += 1
    const name = `${prefixOf(event)}_${number}`
    await createDatabase(beside, name, form)
    return openDestination(event, step.environment, { purpose: 'scratch', database: name, signal: step.signal })
  }
  let session = await make()
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
      await sweepScratches(event, step)
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

/**
 * Drops the scratch databases of the run, be it this start's or that of one that was killed. On a session of its own: it is wanted in
 * every ending.
 */
async function sweepScratches(event: StepEvent, step: Pick<StepTools, 'environment'>): Promise<void> {
  const session = await openDestination(event, step.environment, { purpose: 'scratch-sweep' })
  try {
    await dropScratches(session, event)
  } finally {
    await session.close()
  }
}

/** The same on a session to the destination's database. */
export async function dropScratches(session: Session, event: StepEvent): Promise<void> {
  const pattern = `${prefixOf(event).replaceAll('_', String.raw`\_`)}\\_%`
  const left = await session.rows<{ name: string }>(
    `SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datname LIKE ${quoteLiteral(pattern)} ORDER BY 1`,
  )
  for (const { name } of left) {
    if (session.serverVersion >= FORCE_SINCE) {
      await session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
      continue
    }
    await session.rows(
      `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.datname = $1`,
      [name],
    )
    await session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`)
  }
}

/** The run's and the database's own: another run on the same server has others. */
function prefixOf({ run, database }: StepEvent): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([run.id, database?.as]))
    .digest('hex')
    .slice(0, 16)
  return `sampan_scratch_${digest}`
}
