import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import type { Refused, Scratch } from './scratch.ts'
import { dumpScratch } from './scratch-dump.ts'

const REHEARSE = sqlFile(new URL('../sql/rehearse.sql', import.meta.url))

/** A transaction locks all that it makes, about 22 objects for a table with a key, indexes and a view. */
export const MOST_TABLES_IN_TRANSACTION = 500

/** Not to wait behind somebody's lock on what is in the database. */
const SETTINGS = { lock_timeout: '10s' }

/**
 * One transaction in the destination's database that is rolled back: for those who may create no database. Names must be free there,
 * those of the source too.
 */
export async function scratchTransaction(
  event: StepEvent,
  step: StepTools,
  path: SearchPath,
  timeout: () => number,
): Promise<Scratch> {
  const options = { purpose: 'scratch', signal: step.signal, settings: SETTINGS }
  const session = await openDestination(event, step.environment, options)
  await session.execute('BEGIN; SAVEPOINT sampan_scratch')
  return {
    session,
    make: (statements) => makeAll(session, statements, path),
    dump: () => dumpScratch(session, { signal: step.signal, timeout }),
    empty: () => session.execute('ROLLBACK TO SAVEPOINT sampan_scratch'),
    // A transaction that nobody commits is gone with its session, whatever state that is in.
    async remove() {
      session.destroy()
    },
  }
}

/** Each statement in a subtransaction, all of them in one question. */
async function makeAll(session: Session, statements: readonly string[], path: SearchPath): Promise<readonly Refused[]> {
  if (statements.length === 0) return []
  const [, , found] = await Promise.all([
    session.execute('CREATE SCHEMA sampan_probe'),
    session.execute(REHEARSE),
    session.rows<Refused>('SELECT * FROM sampan_probe.rehearse($1::text[], $2)', [statements, path]),
    session.execute('DROP SCHEMA sampan_probe CASCADE'),
  ])
  return found.map(({ number, ...said }) => ({ ...said, number: number - 1 }))
}
