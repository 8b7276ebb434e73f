import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { comparisonSchema } from '../../../cli/compare/document.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { sampan } from '../in-process.ts'
import { scramble, TABLES, trueDifferences } from './scrambled.ts'

async function taskOf(source: TestDatabase, destination: TestDatabase) {
  const directory = await temporaryDirectory()
  const task = join(directory, 'task.json')
  const input = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 1,
  }
  await writeFile(task, JSON.stringify(input))
  return { task, out: join(directory, 'out') }
}

describe('sampan compare tells the truth', () => {
  test.each([1, 2])(
    'what was changed in twenty tables at random is found, and nothing else: seed %i',
    async (seed) => {
      const [source, destination] = await Promise.all([
        createDatabase(sharedServer(15), TABLES),
        createDatabase(sharedServer(18), TABLES),
      ])
      const { task, out } = await taskOf(source, destination)
      const equal = await sampan('compare', task, '--out', out, '--quiet')
      expect(equal).toMatchObject({ status: 0, stderr: '' })
      await scramble(destination, seed)
      const truth = await trueDifferences(source, destination)
      expect(truth.length).toBeGreaterThan(20)
      const { status, stdout } = await sampan('compare', task, '--out', out, '--json', '--settle', '0')
      expect(status).toBe(5)
      const comparison = comparisonSchema.parse(JSON.parse(stdout))
      const told = comparison.databases.flatMap(({ tables }) =>
        tables.flatMap(({ table, rows }) =>
          rows.map(({ kind, key }) => {
            const name = table
              .replace('public.', '')
              .replace(/^(Table.*)$/, '"$1"')
              .replace(/^p(\d+)_\d$/, 't$1')
            const sorted =
              key === null ? null : Object.entries(key).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
            return `${name}: ${kind}${sorted === null ? '' : ` {${sorted.map(([column, value]) => `"${column}": ${JSON.stringify(value)}`).join(', ')}}`}`
          }),
        ),
      )
      expect(told.toSorted()).toEqual(truth)
      expect(JSON.parse(await readFile(join(out, 'comparison.json'), 'utf8'))).toEqual(comparison)
    },
    120_000,
  )
})
