import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compareDatabases } from '../support/judges.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

const MODERN = await readFile(new URL('../fixtures/modern.sql', import.meta.url), 'utf8')

test('what PostgreSQL 17 and 18 added arrives whole on 18', { tags: 'long', timeout: 120_000 }, async () => {
  const source = await createDatabase(sharedServer(18), MODERN)
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination, {
    retry: { connectionMinutes: 10, otherMinutes: 1 },
  })
  expect(report.databases[0]?.objects.filter((object) => object.status === 'failed')).toEqual([])
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})
