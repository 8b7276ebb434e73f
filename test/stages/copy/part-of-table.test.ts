import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

/** What an extension has made on both ends: keys stand before the rows, and some rows are its own. The child is the larger one. */
const DDL = `CREATE TABLE kind (id int PRIMARY KEY, own boolean, note text);
  CREATE TABLE job (id int PRIMARY KEY, kind int REFERENCES kind, parent int REFERENCES job, filler text);
  CREATE TABLE step (id int PRIMARY KEY, job int REFERENCES job, filler text);
  CREATE TABLE late (id int); INSERT INTO kind VALUES (0, false, 'of the script');`
const DATA = `INSERT INTO kind SELECT n, n % 7 > 0, 'note' FROM generate_series(1, 1000) n; INSERT INTO late VALUES (1);
  INSERT INTO job SELECT n, n * 7 + 1, NULLIF(1000 - n, 0), repeat(md5(n::text), 70) FROM generate_series(100, 140) n;
  INSERT INTO job SELECT n, 1, 100, repeat(md5(n::text), 70) FROM generate_series(1000, 3000) n;
  INSERT INTO step SELECT n, 100 + n % 40, repeat(md5(n::text), 40) FROM generate_series(1, 2000) n;`
const CONTENT = `SELECT (SELECT count(*) || ' ' || sum(id) || ' ' || max(note) FROM kind WHERE own) AS kinds,
  (SELECT count(*) || ' ' || sum(id) FROM job) AS jobs, (SELECT count(*) || ' ' || sum(job) FROM step) AS steps`

test('rows that others refer to come first, and a table that is emptied to be copied again takes those others along', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15), `${DDL} ${DATA.replace('NULLIF(1000 - n, 0)', 'NULL')}`)
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(`
    UPDATE sampan.relation r SET condition = CASE name WHEN 'kind' THEN 'own -- but not the script''s' ELSE 'true' END,
      behind = ARRAY(SELECT o.oid FROM sampan.relation o WHERE (r.name, o.name) IN (('job', 'kind'), ('job', 'job'), ('step', 'job')))
     WHERE name <> 'late'`)
  await planCopy(event, stepContext())
  const cuts = `SELECT r.name, count(*) > 1 AS cut FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation GROUP BY 1 ORDER BY 1`
  expect(await destination.query(cuts)).toEqual([
    { name: 'job', cut: 'f' },
    { name: 'kind', cut: 'f' },
    { name: 'late', cut: 'f' },
    { name: 'step', cut: 't' },
  ])
  const stop = new AbortController()
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext(60, stop.signal)).catch(() => null))
  const holder = await destination.connect()
  await holder.query(
    `BEGIN; SELECT FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation AND r.name = 'late' FOR UPDATE OF c`,
  )
  for (let calls = 0; calls < 3; calls += 1) await copyLane({ ...event, lane: 1 }, stepContext())
  await holder.query('COMMIT')
  const before = await source.query(CONTENT)
  expect(await destination.query(CONTENT)).toEqual(before)
  expect(await destination.query('SELECT max(attempts) AS attempts FROM sampan.chunk')).toEqual([{ attempts: '0' }])

  // The view is lost, and a table at the head of the line has been written to.
  stop.abort()
  await Promise.all(keepers)
  await source.query(`UPDATE kind SET note = 'other' WHERE id = 1; DELETE FROM step WHERE id < 100`)
  const { summary } = await copyRound(event, 2)
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
  expect(
    await destination.query('SELECT count(*), count(*) FILTER (WHERE note = $$of the script$$) AS own FROM kind'),
  ).toEqual([{ count: '859', own: '1' }])
})
