import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { compareDatabases } from '../support/judges.ts'
import { sideOf } from '../support/run.ts'
import { adoptDatabase, createDatabase, sharedServer } from '../support/servers.ts'
import { runFaulty } from './faulty-run.ts'

/** Trees of partitions within partitions: every key has indexes to attach at two levels. */
const TREES = ['one', 'two', 'three', 'four']
  .map(
    (tree) => `
  CREATE TABLE ${tree} (id int, day int, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
  CREATE TABLE ${tree}_1 PARTITION OF ${tree} FOR VALUES IN (1);
  CREATE TABLE ${tree}_2 PARTITION OF ${tree} FOR VALUES IN (2) PARTITION BY HASH (id);
  CREATE TABLE ${tree}_2a PARTITION OF ${tree}_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE ${tree}_2b PARTITION OF ${tree}_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);`,
  )
  .join('')

/** Makes every attachment take a moment, and counts the sessions that are at one. */
const WATCH = `
  CREATE SCHEMA watch;
  CREATE TABLE watch.seen (together int);
  CREATE FUNCTION watch.look() RETURNS event_trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_catalog.pg_sleep(0.05);
    INSERT INTO watch.seen SELECT count(DISTINCT l.pid) FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_class c ON c.oid = l.relation
     WHERE c.relkind = 'I' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted;
  END $$;
  CREATE EVENT TRIGGER look ON ddl_command_end WHEN TAG IN ('ALTER INDEX') EXECUTE FUNCTION watch.look();`

test('indexes of partitions are attached one at a time, so that the index above them becomes valid', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15), TREES)
  const destination = adoptDatabase(sharedServer(18), `attach_${randomBytes(4).toString('hex')}`)
  const task = {
    name: destination.name.replace('_', '-'),
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    lanes: 4,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
  let watched: Promise<unknown> | null = null
  const run = await runFaulty(task, async (step) => {
    if (step !== 'BuildIndexesFunction') return
    watched ??= destination.query(WATCH)
    await watched
  })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  const [seen] = await destination.query('SELECT count(*) AS attachments, max(together) AS together FROM watch.seen')
  expect(seen).toEqual({ attachments: '16', together: '1' })
  await destination.query('DROP EVENT TRIGGER look; DROP SCHEMA watch CASCADE')
  expect(await compareDatabases(source, destination)).toEqual([])
})
