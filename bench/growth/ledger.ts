import { migrateLedger } from '../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../lambdas/core/ledger/run.ts'
import { connect, type Session } from '../../lambdas/core/postgres/connect.ts'
import type { Database } from '../stage.ts'

export const RUN = 'growth'

/** A session of the product's own kind on a destination with a ledger and an open run. */
export async function openLedger({ name, ...address }: Database): Promise<Session> {
  const session = await connect({
    ...{ side: 'destination', ...address, database: name, tls: false, applicationName: 'bench', pipeline: true },
  })
  await migrateLedger(session)
  await openRun(session, { id: RUN, execution: 'e' }, 'f', {
    serverVersion: 150_000,
    encoding: 'UTF8',
    database: 'shop',
  })
  return session
}
