import { expect, test } from 'vitest'
import { compareDatabases } from '../../support/judges.ts'
import { createDatabase, sharedServer, startTestServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const SOURCE = `
  CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept SELECT generate_series(1, 100);
  CREATE UNLOGGED TABLE visits (id int PRIMARY KEY, note text); INSERT INTO visits SELECT g, 'n' FROM generate_series(1, 100) g;
  CREATE UNLOGGED TABLE empty (id int)`

test('an unlogged table that a crash has emptied behind the comparison keeps the run open; the remedy, followed, works', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const server = await startTestServer({ major: 15, settings: { fsync: 'off', full_page_writes: 'off' } })
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(server)
  const name = 'crash-before-seal'
  const failed = await migrate(source, destination, { name }, ({ step, call }, handler) => async (event, context) => {
    if (step === 'SealFunction' && call === 1) {
      await server.kill()
      await server.restart()
    }
    return handler(event, context)
  })
  const error = failed.report.databases[0]?.error
  expect(error).toMatchObject({
    code: 'DST_UNLOGGED_EMPTIED',
    message: expect.stringMatching(/: public\.visits$/),
    remedy: expect.stringContaining('DROP TABLE … CASCADE'),
  })
  await destination.query('DROP TABLE visits CASCADE')
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})
