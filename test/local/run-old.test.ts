import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compareDatabases } from '../support/judges.ts'
import { createDatabase, oldestServer, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

const OLD = await readFile(new URL('../fixtures/old.sql', import.meta.url), 'utf8')

test('a database of PostgreSQL 10 arrives whole on 18: rows, sequences, large objects and its catalogue', {
  tags: 'long',
  timeout: 300_000,
}, async () => {
  const source = await createDatabase(await oldestServer(), OLD)
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination, { chunkMegabytes: 1 })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.databases[0]?.tables.every((table) => table.match)).toBe(true)
  const said = report.databases[0]?.events.find(({ code }) => code === 'VALUES_NOT_COMPARED')
  expect(said?.message).toMatch(/only NULL and not NULL is compared: books\.readings \(rs\)$/)
  const readings = report.databases[0]?.tables.find(({ name }) => name === 'books.readings')
  expect(readings?.notCompared).toEqual(['rs'])
  expect(await compareDatabases(source, destination)).toEqual([])
})
