import { artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { fenceRun } from '../../core/ledger/fence.ts'
import { readRelations } from '../../core/ledger/relations.ts'
import { readRun } from '../../core/ledger/run.ts'
import { intendStream, readStream } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { done, type StepAnswer } from '../../core/runtime/verdict.ts'
import { judgeTables } from '../../core/stream/judge.ts'
import { streamName } from '../../core/stream/names.ts'
import { requireFollowable, unfollowed } from '../../core/stream/refuse.ts'
import { requireServer } from '../../core/stream/server.ts'

/**
 * Judges the whole of what is to be followed before a row is copied, and writes down what will be opened. The keeper that takes the view
 * opens it: the changes begin with the view.
 */
export async function prepareStream(event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  const { id: run } = event.run
  const name = streamName(event)
  const open: Session[] = []
  const options = { purpose: 'open-stream', signal: step.signal }
  try {
    const destination = await openDestination(event, step.environment, options)
    open.push(destination)
    const source = await openSource(event, step.environment, options)
    open.push(source)
    if (destination.parameters.get('server_encoding') === 'SQL_ASCII') throw withoutEncoding()
    const { databases } = await wholeTask(artefacts(step.environment), event)
    await requireServer(
      source,
      databases.map((database) => streamName({ ...event, database })),
    )
    const relations = await readRelations(destination, run)
    const oids = relations.filter(({ oid }) => oid !== 0).map(({ oid }) => oid)
    requireFollowable([...unfollowed(relations), ...(await judgeTables(source, oids)).obstacles])
    // A copy that is complete keeps the stream that it has.
    if ((await readRun(destination, run)).copiedAt === null && (await readStream(destination, run)) === null) {
      await inTransaction(destination, async () => {
        await fenceRun(destination, run)
        await intendStream(destination, run, { slot: name, publication: name })
      })
    }
    return done()
  } finally {
    await Promise.all(open.map((session) => session.close()))
  }
}

function withoutEncoding(): SampanError {
  return new SampanError({
    code: 'FOLLOW_REFUSED',
    message: 'the source cannot be followed: the encoding of the destination is SQL_ASCII, which has no characters',
    remedy: 'make the destination’s database with the source’s encoding',
  })
}
