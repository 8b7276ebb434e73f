import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { validate } from '../validate/migration.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

const DDL = `CREATE EXTENSION hstore; CREATE DOMAIN document AS jsonb; CREATE TYPE both_ AS (n int, j jsonb);
  CREATE TABLE t (id int PRIMARY KEY, j jsonb, d document, h hstore, v tsvector, c both_, js jsonb[]);`
const ROWS = `INSERT INTO t VALUES
  (1, '{"é": 1, "zz": [{"ü": "[", "aa": {}}, null], "": []}', '{"é": 1, "zz": 2}', 'é=>"{", zz=>NULL, "a,b"=>""', '''é'':1A,2 ''it''''s'' ''zz'':3',
    (1, '{"é": 1, "zz": 2}'), ARRAY['{"é": 1, "zz": 2}'::jsonb]),
  (2, NULL, NULL, NULL, NULL, NULL, NULL), (3, '{}', '[]', '', '', ROW(NULL, NULL), '{}'),
  (4, '{"zz": 1, "a": 2}', '"x"', 'zz=>1, a=>2', 'zz a', (4, '1'), NULL), (5, '"é"', '"é"', 'é=>é', 'é', (5, '"é"'), NULL)`

test('what keeps its parts in the order of their bytes is equal in another encoding, and another value of it is found', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), DDL + ROWS, `ENCODING 'LATIN1' LOCALE 'C'`)
  const destination = await createDatabase(sharedServer(18), DDL)
  const printed = `SELECT j::text FROM t WHERE id = 1`
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(printed)).not.toEqual(await source.query(printed))
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })

  const [relation] = await destination.query(`SELECT digest_sql, not_compared FROM sampan.relation WHERE name = 't'`)
  expect(relation?.not_compared).toBe('{js}')
  const digest = async () => (await destination.query(`SELECT sum(${relation?.digest_sql}) AS all FROM t`))[0]?.all
  const before = await digest()
  await destination.query(`CREATE TABLE kept AS SELECT * FROM t WHERE id = 1`)
  const changes = [
    `j = '{"é": 1, "zz": [{"ü": "[", "aa": {}}], "": []}'`,
    `j = '{"é": 1, "zz": [{"ü": [], "aa": {}}, null], "": []}'`,
    `j = '{"é": 1, "zz": [null, {"ü": "[", "aa": {}}], "": []}'`,
    `d = '{"é": 2, "zz": 1}'`,
    `h = 'é=>"{", zz=>"", "a,b"=>""'`,
    `v = '''é'':1A,2 ''it''''s'' ''zz'':4'`,
    `v = '''é'':1,2 ''it''''s'' ''zz'':3'`,
    `c.j = '{"é": 2, "zz": 1}'`,
    `js = NULL`,
  ]
  for (const change of changes) {
    await destination.query(`UPDATE t SET ${change} WHERE id = 1`)
    expect(await digest(), change).not.toBe(before)
    await destination.query(`DELETE FROM t WHERE id = 1; INSERT INTO t SELECT * FROM kept`)
  }
  expect(await digest()).toBe(before)
})
