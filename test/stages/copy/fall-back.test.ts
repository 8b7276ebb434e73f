import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

/**
 * A wrong guess, planted: the destination's column is of another type than the planner takes it for, and takes the value as
 * text but not in the other's binary form. Only one row has a value in it, so chunks arrive before the form is refused.
 */
const ddl = (guessed: string) =>
  `CREATE TABLE guessed (id int, rare ${guessed}, note text); CREATE TABLE plain (id int, note text);`
const ROWS = `INSERT INTO guessed SELECT g, NULL, repeat('x', 100) FROM generate_series(1, 40000) g;
  UPDATE guessed SET rare = 7 WHERE id = 39000;
  INSERT INTO plain SELECT g, 'plain' FROM generate_series(1, 1000) g;`

const hash = (table: string) => `SELECT count(*) AS rows, md5(string_agg(h, ',' ORDER BY h)) AS hash
  FROM (SELECT md5(t::text) AS h FROM ${table} t) rows`

test.each([1, 2])(
  'a table whose binary form is refused goes on as text, by %i lanes',
  { tags: 'long' },
  async (lanes) => {
    const source = await createDatabase(sharedServer(15), ddl('int') + ROWS)
    const destination = await createDatabase(sharedServer(18), ddl('bigint'))
    const event = stepEvent(source, destination, { chunkMegabytes: 1 })
    await planRelations(source, destination, event)
    expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
    // A lane that is refused asks to be called again; the workflow does.
    const first = await copyRound(event, lanes)
    expect(first.results.map(({ error }) => error)).toEqual(Array(lanes).fill(null))
    expect(first.results.some(({ verdict }) => verdict === 'more')).toBe(true)
    const second = first.summary.verdict === 'done' ? first : await again(event, destination, lanes)
    expect(second.summary).toMatchObject({ verdict: 'done', error: null })

    for (const table of ['guessed', 'plain']) {
      expect(await destination.query(hash(table)), table).toEqual(await source.query(hash(table)))
    }
    const [relation] = await destination.query(
      `SELECT format, fell_back, format_reason, digest_sql = text_digest_sql AS text FROM sampan.relation WHERE name = 'guessed'`,
    )
    expect(relation).toMatchObject({ format: 'text', fell_back: 't', text: 't' })
    expect(relation?.format_reason).toMatch(/refused \(DST_/)
    const events = await destination.query(`SELECT level, message FROM sampan.event WHERE code = 'FORMAT_FELL_BACK'`)
    expect(events).toHaveLength(1)
    expect(events[0]?.message).toContain('public.guessed travels as text')
    // The digests of all chunks are of the text form: the comparison adds them up.
    const [digests] = await destination.query(
      `SELECT (SELECT sum(digest) FROM sampan.chunk c WHERE c.relation = r.oid) AS source, digest_sql FROM sampan.relation r WHERE name = 'guessed'`,
    )
    const [here] = await destination.query(`SELECT sum(${digests?.digest_sql}) AS digest FROM guessed`)
    expect(here?.digest).toBe(digests?.source)
  },
)

async function again(event: ReturnType<typeof stepEvent>, destination: TestDatabase, lanes: number) {
  await destination.query(`UPDATE sampan.run SET copy_ended_at = NULL`)
  return copyRound(event, lanes)
}

test('a server that refuses for another reason does not change the form', async () => {
  const source = await createDatabase(sharedServer(15), ddl('int') + ROWS)
  const destination = await createDatabase(sharedServer(18), `${ddl('int')} ALTER TABLE plain ADD CHECK (id < 500)`)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({
    verdict: 'retry',
    error: { code: 'DST_SQL_23514' },
  })
  expect(await destination.query(`SELECT DISTINCT fell_back FROM sampan.relation`)).toEqual([{ fell_back: 'f' }])
  await destination.query(`UPDATE sampan.run SET copy_ended_at = now()`)
  await keeper
})
