import { readEmptiedTables } from '../../core/ledger/objects/emptied-tables.ts'
import { countOpenParts, readReadable } from '../../core/ledger/validation.ts'
import { readWrittenTables } from '../../core/ledger/writes.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { compareAgain, requireCalm } from './compare-again.ts'
import { readUntilDone } from './read-until-done.ts'

/**
 * Compares once more what was written to since its comparison: giving owners, and filling what they fill, may take hours behind it.
 * @returns false where the time was used up before the end
 * @throws SampanError `DST_WRITTEN_WHILE_COMPARED`
 */
export async function compareWritten(destination: Session, event: StepEvent, step: StepTools): Promise<boolean> {
  const run = event.run.id
  // What the server has emptied is told by itself.
  if (event.task.validation.mode === 'none' || (await readEmptiedTables(destination, run)).length > 0) return true
  // A call before this one had no time for all of them.
  if ((await countOpenParts(destination, run)) > 0 && !(await readThem(event, step))) return false
  for (;;) {
    const written = await readWrittenTables(destination, run)
    if (written.length === 0) return true
    requireCalm(written)
    const readable = new Map((await readReadable(destination, run)).map((one) => [one.oid, one.readable]))
    const again = written.filter(({ oid }) => readable.get(oid) === true)
    const hidden = written.filter((table) => !again.includes(table))
    await compareAgain(destination, run, again, 'Seal', hidden)
    if (again.length > 0 && !(await readThem(event, step))) return false
  }
}

async function readThem(event: StepEvent, step: StepTools): Promise<boolean> {
  const session = await openDestination(event, step.environment, {
    purpose: 'seal-compare',
    signal: step.signal,
    pipeline: true,
  })
  try {
    return (await readUntilDone({ ...event, lane: 0 }, step, session)).verdict === 'done'
  } finally {
    await session.close()
  }
}
