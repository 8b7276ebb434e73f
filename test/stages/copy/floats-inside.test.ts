import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'
import { validate } from '../validate/migration.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

const DDL = `CREATE EXTENSION cube;
  CREATE TYPE plain AS (a int, b text); CREATE DOMAIN whole AS int; CREATE DOMAIN measure AS float8;
  CREATE TYPE floating AS (at date, value float8, "Two" measure, spot point, many float4[]);
  CREATE TYPE nested AS (inner_ floating, p plain);
  CREATE TYPE arrays AS (n int, fs floating[]);
  CREATE TYPE whole_range AS RANGE (subtype = int4);
  CREATE TYPE float_range AS RANGE (subtype = float8);
  CREATE TABLE row_of (f float8, n int);
  CREATE TABLE t (id int PRIMARY KEY, p plain, ps plain[], w whole_range, f floating, n nested,
    fs floating[], a arrays, r float_range, q cube, qs cube[], o row_of, m measure);`
const ONE = `('2020-01-01', 0.1, NULL, NULL, NULL)::floating`
const ROWS = `INSERT INTO t SELECT g, (g, 'x')::plain, ARRAY[(g, 'y')::plain], whole_range(g, g + 9),
    ('2020-01-01', 0.1 * g, 1.0 / 3, '(0.1,0.7)', ARRAY[0.1, 0.3])::floating, (${ONE}, (g, NULL)::plain)::nested,
    ARRAY[${ONE}], (g, ARRAY[${ONE}])::arrays,
    float_range(0.1, 0.7), '(0.1, 0.7)', ARRAY['(0.1, 0.7)'::cube], (0.1, g)::row_of, 0.1 FROM generate_series(1, 50) g;
  INSERT INTO t (id, f, n) VALUES (51, ROW(NULL, NULL, NULL, NULL, NULL), ROW(NULL, NULL)), (52, NULL, NULL);`

async function copied() {
  const source = await createDatabase(await oldestServer(), DDL + ROWS)
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  return { destination, event }
}

test('from before 12 only floats that nothing can reach are left out of the digest, and are named', async () => {
  const { destination, event } = await copied()
  const [said] = await destination.query(`SELECT message FROM sampan.event WHERE code = 'VALUES_NOT_COMPARED'`)
  expect(said?.message).toMatch(/ compared: public\.t \(fs, a\.fs, r, q, qs, o\)$/)
  const [kept] = await destination.query(`SELECT not_compared FROM sampan.relation WHERE name = 't'`)
  expect(kept?.not_compared).toBe('{fs,a.fs,r,q,qs,o}')
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
}, 60_000)

test('another value of what is in the digest is found, each of them', { tags: 'long', timeout: 60_000 }, async () => {
  const { destination, event } = await copied()
  const [relation] = await destination.query(`SELECT digest_sql FROM sampan.relation WHERE name = 't'`)
  const digest = async () => (await destination.query(`SELECT sum(${relation?.digest_sql}) AS all FROM t`))[0]?.all
  const before = await digest()
  const changes = [
    `p = (7, 'other')`,
    `ps = ARRAY[(7, 'other')::plain]`,
    `w = whole_range(7, 8)`,
    `f.value = 0.7000000000000002`,
    `f."Two" = 0.2`,
    `f.spot = '(0.1,0.70000001)'`,
    `f.many = ARRAY[0.1, 0.30000004]`,
    `n.inner_ = NULL`,
    `n.p = (7, 'other')`,
    `a.n = 8`,
    `a.fs = NULL`,
    `r = NULL`,
    `m = 0.2`,
  ]
  await destination.query(`CREATE TABLE kept AS SELECT * FROM t WHERE id = 7`)
  for (const change of changes) {
    await destination.query(`UPDATE t SET ${change} WHERE id = 7`)
    expect(await digest(), change).not.toBe(before)
    await destination.query(`DELETE FROM t WHERE id = 7; INSERT INTO t SELECT * FROM kept`)
    expect(await digest(), change).toBe(before)
  }
  await destination.query(`DROP TABLE kept; UPDATE t SET p = (7, 'other') WHERE id = 7`)
  expect(await validate(event)).toMatchObject({ verdict: 'failed', error: { code: 'VALIDATION_DIFFERS' } })
})
