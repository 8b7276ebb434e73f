import { expect, test } from 'vitest'
import { readTables } from '../../../lambdas/core/existing/tables.ts'
import { veryTables, withoutVeryTables } from '../../../lambdas/stages/schema/plan/standing/very-tables.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('what is emptied or dropped is the very table that was met, under its name and with its partitions; else nothing is', async () => {
  const database = await createDatabase(
    sharedServer(15),
    `CREATE TABLE "a ' $x$ \\ b" (id int); INSERT INTO "a ' $x$ \\ b" VALUES (1);
     CREATE TABLE plain (id int); INSERT INTO plain VALUES (1); CREATE TABLE heir () INHERITS (plain); INSERT INTO heir VALUES (2);
     CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); INSERT INTO parts VALUES (1);
     CREATE TABLE later (id int); INSERT INTO later VALUES (2)`,
  )
  const session = await openSession(database, 'destination')
  const met = (...names: string[]) =>
    readTables(
      session,
      names.map((name) => ({ schema: 'public', name })),
    )
  const rows = async (name: string) => (await database.query(`SELECT count(*)::int AS n FROM ONLY ${name}`))[0]?.n
  const [strange, plain, parts] = await Promise.all([met("a ' $x$ \\ b"), met('plain'), met('parts')])
  const emptying = veryTables([...strange, ...plain], { verb: 'TRUNCATE', otherwise: 'fails' })
  const dropping = veryTables([...strange, ...parts], { verb: 'DROP TABLE', otherwise: 'rest' })
  expect(withoutVeryTables(`${dropping}CREATE TABLE x ()`)).toBe('CREATE TABLE x ()')
  // What fails behind it brings it back.
  await expect(session.execute(`${dropping}SELECT 1/0`)).rejects.toThrow('division by zero')
  expect(await rows('parts_1')).toBe('1')
  // Another table under the name.
  await database.query('ALTER TABLE plain RENAME TO kept; CREATE TABLE plain (id int); INSERT INTO plain VALUES (7)')
  await expect(session.execute(emptying)).rejects.toThrow('not what stood there when the plan was made')
  expect([await rows('plain'), await rows('kept'), await rows(`"a ' $x$ \\ b"`)]).toEqual(['1', '1', '1'])
  await session.execute(veryTables(plain, { verb: 'DROP TABLE', otherwise: 'rest' }))
  expect([await rows('plain'), await rows('kept')]).toEqual(['1', '1'])
  await database.query('DROP TABLE plain; ALTER TABLE kept RENAME TO plain')
  await session.execute(emptying)
  expect([await rows('plain'), await rows('heir'), await rows(`"a ' $x$ \\ b"`)]).toEqual(['0', '1', '0'])
  // A partition that has come since is nobody's to drop.
  await database.query('ALTER TABLE parts ATTACH PARTITION later FOR VALUES IN (2)')
  await expect(session.execute(dropping)).rejects.toThrow('a partition was attached since')
  await database.query('ALTER TABLE parts DETACH PARTITION later')
  await session.execute(dropping)
  expect(await database.query(`SELECT to_regclass('parts') AS parts, to_regclass('parts_1') AS part`)).toEqual([
    { parts: null, part: null },
  ])
  expect(await rows('later')).toBe('1')
  await session.close()
})
