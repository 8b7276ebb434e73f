import { expect, test } from 'vitest'
import { readChosenKeys } from '../../../lambdas/core/filter/keys.ts'
import { keyChoices } from '../../../lambdas/core/task/table-options.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('a key that the task names has its columns in pairs, and which of them may be NULL', async () => {
  const database = await createDatabase(
    sharedServer(15),
    `CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b));
     CREATE TABLE child (x int NOT NULL, y int, CONSTRAINT key FOREIGN KEY (y, x) REFERENCES parent (a, b))`,
  )
  const session = await openSession(database, 'source')
  const [child] = await session.rows<{ oid: number }>(`SELECT 'public.child'::regclass::oid AS oid`)
  const table = { oid: child?.oid ?? 0, schema: 'public', name: 'child', above: [], inherits: [], partitioned: false }
  const choices = keyChoices({ tables: { 'public.child': { keys: { key: 'follow' } } } })
  const keys = await readChosenKeys(session, choices, [table])
  await session.close()
  expect(keys).toMatchObject([
    {
      ...{ name: 'key', columns: ['y', 'x'], nullable: [true, false], parentColumns: ['a', 'b'], period: false },
      operators: ['OPERATOR(pg_catalog.=)', 'OPERATOR(pg_catalog.=)'],
    },
  ])
})
