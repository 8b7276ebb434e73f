import { expect, test } from 'vitest'
import { createDatabase, sharedServer, startTestServer } from '../../support/servers.ts'
import { blocking, precheck } from './prechecks.ts'

test('a source whose lock table is short for its views or its largest tree is warned of by SRC_LOCKS_SHORT', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const server = await startTestServer({
    major: 15,
    settings: { max_locks_per_transaction: '10', max_connections: '30' },
  })
  const source = await createDatabase(server, 'CREATE TABLE tree (id int PRIMARY KEY) PARTITION BY HASH (id)')
  const destination = await createDatabase(sharedServer(18))
  expect(blocking(await precheck(source, destination))).not.toContain('SRC_LOCKS_SHORT')
  for (let number = 0; number < 90; number += 1) {
    await source.query(
      `CREATE TABLE tree_${number} PARTITION OF tree FOR VALUES WITH (MODULUS 90, REMAINDER ${number})`,
    )
    await source.query(`CREATE VIEW view_${number} AS SELECT FROM tree_${number}`)
  }
  const document = await precheck(source, destination)
  expect(blocking(document)).toContain('SRC_LOCKS_SHORT')
  expect(JSON.stringify(document)).toMatch(/views .* take 180 locks, and [^"]* has 300 in all/)
  expect(JSON.stringify(document)).toMatch(/largest tree of hash partitions take 182 locks/)
})
