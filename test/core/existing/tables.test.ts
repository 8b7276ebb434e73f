import { expect, test } from 'vitest'
import { judgeMeetings } from '../../../lambdas/core/existing/judge.ts'
import { readTables, tablesSql } from '../../../lambdas/core/existing/tables.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('a source of 9.4 is asked about no column that came later, and answers what a newer one does of tables without these', async () => {
  const old = tablesSql(90_400)
  for (const column of ['attidentity', 'relispartition', 'relpartbound', 'rolbypassrls', 'relrowsecurity']) {
    expect(tablesSql(150_000)).toContain(`.${column}`)
    expect(old).not.toContain(column)
  }
  expect(tablesSql(90_600)).toContain('.relrowsecurity')
  const database = await createDatabase(
    sharedServer(15),
    'CREATE TABLE a (id serial PRIMARY KEY, note text UNIQUE); CREATE TABLE b (a int REFERENCES a, EXCLUDE USING btree (a WITH =))',
  )
  const session = await openSession(database, 'source')
  try {
    const names = ['a', 'b'].map((name) => ({ schema: 'public', name }))
    const { rows } = session
    const asked: string[] = []
    const older = new Proxy(session, {
      get: (target, key) =>
        key === 'serverVersion'
          ? 90_400
          : key === 'rows'
            ? (sql: string, values: unknown[]) => {
                asked.push(sql)
                return rows.call(target, sql, values)
              }
            : Reflect.get(target, key),
    })
    expect(await readTables(older, names)).toEqual(await readTables(session, names))
    expect(asked).toEqual([old])
  } finally {
    await session.close()
  }
})

test('partitions of one name that take other rows are told', async () => {
  const parts = (schema: string, value: number) =>
    `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.p (id int PRIMARY KEY) PARTITION BY LIST (id);
     CREATE TABLE ${schema}.p_1 PARTITION OF ${schema}.p FOR VALUES IN (${value}); CREATE TABLE ${schema}.p_2 PARTITION OF ${schema}.p FOR VALUES IN (7)`
  const database = await createDatabase(sharedServer(15), `${parts('here', 1)}; ${parts('there', 2)}`)
  const session = await openSession(database, 'source')
  try {
    const [source] = await readTables(session, [{ schema: 'here', name: 'p' }])
    const [there] = await readTables(session, [{ schema: 'there', name: 'p' }])
    if (source === undefined || there === undefined) throw new RangeError('no tables')
    const chosen = { schema: 'here', name: 'p', there, columns: new Map(), excluded: [] }
    const { problems, told } = judgeMeetings(
      [{ mode: 'ignore', chosen, computed: new Set(), source, there }],
      (type) => type,
    )
    expect(problems).toEqual([])
    expect(told).toEqual([
      'there.p: partition p_1: FOR VALUES IN (1) on the source, FOR VALUES IN (2) on the destination',
    ])
  } finally {
    await session.close()
  }
})
