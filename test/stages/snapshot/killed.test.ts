import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { holdTable } from '../../support/hold.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const DDL = `CREATE TABLE quiet (id int, note text); CREATE TABLE written (id int PRIMARY KEY, note text);
  CREATE TABLE emptied (id int); CREATE TABLE late (id int, note text);`
// `late` comes last: it is on its way when the sessions are killed.
const ROWS = `INSERT INTO quiet SELECT g % 100, repeat('q', 200) FROM generate_series(1, 30000) g;
  INSERT INTO written SELECT g, repeat('w', 200) FROM generate_series(1, 15000) g;
  INSERT INTO emptied SELECT g FROM generate_series(1, 26000) g;
  INSERT INTO late SELECT g, NULL FROM generate_series(1, 90000) g;`

const hash = (table: string) => `SELECT count(*) AS rows, md5(string_agg(h, ',' ORDER BY h)) AS hash
  FROM (SELECT md5(t::text) AS h FROM ${table} t) rows`

test.each([10, 15] as const)(
  'when all sessions of the source (%i) are killed, what was not written since is proved, the rest is copied again and named',
  { tags: 'long', timeout: 180_000 },
  async (major) => {
    const server = major === 10 ? await oldestServer() : sharedServer(major)
    const source = await createDatabase(server, DDL + ROWS)
    const destination = await createDatabase(sharedServer(18), DDL)
    const event = stepEvent(source, destination, { chunkMegabytes: 1 })
    await planRelations(source, destination, event)
    expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })

    // Chunk by chunk: small ones would share a flight, and arrive all at once.
    await destination.query('UPDATE sampan.chunk SET attempts = 1')
    // The last table is held, so that the copy is under way when its sessions are killed.
    await destination.query(
      `UPDATE sampan.chunk SET bytes = 1 WHERE relation IN (SELECT oid FROM sampan.relation WHERE name = 'late')`,
    )
    const release = await holdTable(destination, 'late')
    const broken = copyRound(event, 2)
    const done = `SELECT count(DISTINCT relation) FILTER (WHERE state = 'done') AS begun FROM sampan.chunk c
      WHERE relation IN (SELECT oid FROM sampan.relation WHERE name <> 'late')`
    while ((await destination.query(done))[0]?.begun !== '3') await sleep(50)
    await source.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    await release()
    const first = await broken
    expect(first.summary.verdict).not.toBe('done')
    await source.query(
      `UPDATE written SET note = 'changed' WHERE id = 7; TRUNCATE emptied; INSERT INTO emptied VALUES (1)`,
    )

    await destination.query(`UPDATE sampan.run SET copy_ended_at = NULL`)
    const second = await copyRound(event, 2)
    expect(second.summary).toMatchObject({ verdict: 'done', error: null })
    for (const table of ['quiet', 'written', 'emptied', 'late']) {
      expect(await destination.query(hash(table)), table).toEqual(await source.query(hash(table)))
    }
    const [made] = await destination.query(`SELECT message FROM sampan.event WHERE code = 'SNAPSHOT_MADE_GOOD'`)
    expect(made?.message).toContain('2 tables were copied again: public.emptied, public.written;')
    expect(made?.message).toMatch(/proved unchanged by digest: .*public\.quiet/)
  },
)
