import { expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { LAZY_COMMITS } from '../../../lambdas/core/ledger/settle.ts'
import { handler as summarise } from '../../../lambdas/stages/validate/summary-handler.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer } from '../../support/servers.ts'

/** By its own settings it waits for nobody, as ApsaraDB does. A commit that nobody waits for stays in this server's memory until one comes that is waited for. */
const FORGETFUL = {
  synchronous_commit: 'off',
  wal_writer_delay: '10s',
  wal_writer_flush_after: '1GB',
  wal_buffers: '64MB',
}

test('what the summary of the validation calls done survives a crash of the destination', {
  tags: 'long',
}, async () => {
  const server = await startTestServer({ major: 18, settings: FORGETFUL })
  const destination = await createDatabase(server)
  const event = stepEvent(await createDatabase(sharedServer(15)), destination)
  const session = await openSession(destination, 'destination')
  await migrateLedger(session)
  await openRun(session, event.run, 'f', { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' })
  await session.close()
  await destination.query(`
    INSERT INTO sampan.limits (run, execution, lanes) VALUES ('test-run', 'e', 2);
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, pages)
    VALUES ('test-run', 1, 'public', 't', '{a}', '{integer}', false, 1, 1);
    INSERT INTO sampan.digest_part (run, id, relation, bytes, state) VALUES ('test-run', 1, 1, 1, 'pending')`)
  // A lane's receipt, of which the disk knows nothing yet.
  await destination.query(`
    SET synchronous_commit = ${LAZY_COMMITS.synchronous_commit};
    UPDATE sampan.digest_part SET state = 'done', rows = 1, digest = 1`)
  expect(await summarise({ ...event, results: [] }, stepContext())).toMatchObject({ verdict: 'done' })
  await server.kill()
  await server.restart()
  expect(await destination.query('SELECT state FROM sampan.digest_part')).toEqual([{ state: 'done' }])
})
