import { expect, test } from 'vitest'
import { toDatabaseError } from '../../../lambdas/core/postgres/errors.ts'
import { expressionFailed } from '../../../lambdas/stages/copy/lane/expression-failed.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { relationOf } from '../../support/relations.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'
import { validate } from '../validate/migration.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

const DDL = `CREATE TABLE people (id int PRIMARY KEY, name text, note text)`
const ROWS = (id: string, name: string) =>
  `SELECT count(*) AS rows, md5(string_agg(concat(${id}, ' ', ${name}, ' ', note), ',' ORDER BY ${id})) AS hash FROM people`

async function planned(change: string, server = sharedServer(15)) {
  const source = await createDatabase(
    server,
    // A changed row stays on its page.
    `${DDL} WITH (fillfactor = 50); INSERT INTO people SELECT g, 'name ' || g, repeat(md5(g::text), 3) FROM generate_series(1, 40000) g; ANALYZE people`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(`UPDATE sampan.relation SET ${change}`)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

test('where the view is lost chunks are proved, and copied again, by what the task computes', {
  tags: 'long',
}, async () => {
  const { source, destination, event } = await planned(
    `expressions = ARRAY[NULL, '(md5(name) -- masked\n)::text', NULL]`,
  )
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  await source.query(`UPDATE people SET name = 'another' WHERE id % 3 = 0`)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(ROWS('id', 'name'))).toEqual(await source.query(ROWS('id', 'md5(name)')))
  expect(await destination.query(`SELECT reset_generation > 0 AS again FROM sampan.relation`)).toEqual([{ again: 't' }])
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
})

test('a view that is lost, and shows what was computed before, proves every chunk', { tags: 'long' }, async () => {
  const { source, destination, event } = await planned(
    `expressions = ARRAY[NULL, '(md5(name))::text', '(''***'')::text']`,
  )
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  // Of this nothing is to be seen in what is computed.
  await source.query(`UPDATE people SET note = 'another' WHERE id = 7`)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(`SELECT reset_generation > 0 AS again FROM sampan.relation`)).toEqual([{ again: 'f' }])
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
})

test('a value that differs on the destination is found among those that the task computes', {
  tags: 'long',
}, async () => {
  const { destination, event } = await planned(`expressions = ARRAY['(id + 7)::integer', '(md5(name))::text', NULL]`)
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  await destination.query(`UPDATE people SET name = 'name 1' WHERE id = 8`)
  expect(await validate(event)).toMatchObject({ verdict: 'failed', error: { code: 'VALIDATION_DIFFERS' } })
  const [found] = await destination.query(`SELECT different, missing, surplus FROM sampan.difference`)
  expect(found).toEqual({ different: '1', missing: '0', surplus: '0' })
})

test.each([
  ['by the key where that is as it was', `ARRAY[NULL, '(md5(name))::text', NULL]`, 'id', 'key'],
  ['by pages where the key is computed: bounds stand in the ledger', `ARRAY['(id * 2)::integer']`, 'id * 2', 'tid'],
])('from a PostgreSQL 10 %s', { tags: 'long' }, async (_, expressions, id, kind) => {
  const { source, destination, event } = await planned(`expressions = ${expressions}`, await oldestServer())
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  const name = kind === 'key' ? 'md5(name)' : 'name'
  expect(await destination.query(ROWS('id', 'name'))).toEqual(await source.query(ROWS(id, name)))
  expect(await destination.query(`SELECT DISTINCT kind FROM sampan.chunk`)).toEqual([{ kind }])
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
})

test('from a PostgreSQL 10 by pages where the key stays behind: of its values none is in the ledger', {
  tags: 'long',
}, async () => {
  const { destination } = await planned(
    `columns = '{name,note}', types = '{text,text}', excluded = '{id}'`,
    await oldestServer(),
  )
  expect(await destination.query(`SELECT DISTINCT kind, lower FROM sampan.chunk WHERE kind <> 'tid'`)).toEqual([])
  expect(await destination.query(`SELECT count(*) > 3 AS several FROM sampan.chunk`)).toEqual([{ several: 't' }])
})

test.each([
  ['an expression', `expressions = ARRAY[NULL, '(name::int)::text', NULL]`, 'the expression of column name'],
  ['a condition', `filtered = true, condition = 'right(name, 4)::int > 0'`, 'its "where"'],
])(
  '%s that a row cannot be computed by ends the run at once, by its place in the task and without the value',
  async (_, set, entry) => {
    const { destination, event } = await planned('expressions = NULL')
    await destination.query(`UPDATE sampan.relation SET ${set}`)
    const { results } = await copyRound(event, 1)
    expect(results).toMatchObject([{ verdict: 'failed', error: { code: 'EXPRESSION_FAILED' } }])
    const { message, remedy } = results[0]?.error ?? { message: '', remedy: '' }
    expect(message).toContain(`public.people: what the task says for it (${entry}) fails on a row (SQLSTATE 22P02)`)
    expect(`${message} ${remedy}`).not.toMatch(/name 1|e 1/)
    expect(remedy).toMatch(/^mend the expression or condition in the task/)
  },
)

test('a data error of a table that the task has nothing to say of is tried again as before', async () => {
  const relation = relationOf({ source: { name: 'people', columns: ['id'] } })
  const thrown = toDatabaseError({ code: '22P02', message: 'invalid input syntax' }, 'source')
  expect(expressionFailed(relation, thrown)).toBeNull()
})
