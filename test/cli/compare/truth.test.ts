import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ComparedRow, comparisonSchema } from '../../../cli/compare/document.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { compareDatabases } from '../../support/judges.ts'
import { sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { sampan } from '../in-process.ts'
import { scramble, TABLES, trueDifferences } from './scrambled.ts'

const AROUND = `
  CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES t0 ON DELETE CASCADE);
  INSERT INTO child SELECT n, n FROM generate_series(1, 500) n;
  CREATE SEQUENCE numbers; SELECT setval('numbers', 50); CREATE SEQUENCE ahead; SELECT setval('ahead', 40);
  CREATE TABLE told (what text);
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES (TG_OP); RETURN COALESCE(NEW, OLD); END $$;
  CREATE TRIGGER told BEFORE INSERT OR DELETE ON t1 FOR EACH ROW EXECUTE FUNCTION tell()`

async function taskOf(source: TestDatabase, destination: TestDatabase) {
  const directory = await temporaryDirectory()
  const task = join(directory, 'task.json')
  const input = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
    chunkMegabytes: 1,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
  await writeFile(task, JSON.stringify(input))
  return { task, out: join(directory, 'out'), name: input.name }
}

/** In the words of `trueDifferences`: of partitions their table's name, keys as jsonb orders them. */
function told(table: string, { kind, key }: Pick<ComparedRow, 'kind' | 'key'>): string {
  const name = table
    .replace('public.', '')
    .replace(/^(Table.*)$/, '"$1"')
    .replace(/^p(\d+)_\d$/, 't$1')
  if (key === null) return `${name}: ${kind}`
  const sorted = Object.entries(key).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return `${name}: ${kind} {${sorted.map(([column, value]) => `"${column}": ${JSON.stringify(value)}`).join(', ')}}`
}

describe('sampan compare tells the truth', () => {
  test('what was changed in twenty tables at random is found, and nothing else, where no ledger is', {
    tags: 'long',
    timeout: 120_000,
  }, async () => {
    const [source, destination] = await Promise.all([
      createDatabase(sharedServer(15), TABLES),
      createDatabase(sharedServer(18), TABLES),
    ])
    const { task, out } = await taskOf(source, destination)
    const equal = await sampan('compare', task, '--out', out, '--quiet')
    expect(equal).toMatchObject({ status: 0, stderr: '' })
    await scramble(destination, 1)
    const truth = await trueDifferences(source, destination)
    expect(truth.length).toBeGreaterThan(20)
    const { status, stdout } = await sampan('compare', task, '--out', out, '--json', '--settle', '0')
    expect(status).toBe(5)
    const comparison = comparisonSchema.parse(JSON.parse(stdout))
    const found = comparison.databases.flatMap(({ tables }) =>
      tables.flatMap(({ table, rows }) => rows.map((row) => told(table, row))),
    )
    expect(found.toSorted()).toEqual(truth)
    expect(JSON.parse(await readFile(join(out, 'comparison.json'), 'utf8'))).toEqual(comparison)
  })

  test('what was changed in a migrated database is repaired to equal, with a receipt for each table, and no trigger fires', {
    tags: 'long',
    timeout: 120_000,
  }, async () => {
    const source = await createDatabase(sharedServer(15), `${TABLES};${AROUND}`)
    const destination = await createDatabase(sharedServer(18))
    const { task, out, name } = await taskOf(source, destination)
    expect(await sampan('run', task, '--out', out, '--quiet')).toMatchObject({ status: 0 })
    await scramble(destination, 2)
    await destination.query(`DELETE FROM told; SET session_replication_role = replica;
      DELETE FROM child WHERE id = 5; DELETE FROM t0 WHERE id = 7; SELECT setval('numbers', 3), setval('ahead', 90)`)
    expect((await trueDifferences(source, destination)).length).toBeGreaterThan(20)
    const { status, stdout } = await sampan(
      'compare',
      task,
      '--out',
      out,
      '--json',
      '--settle',
      '0',
      '--repair',
      name,
      '--lose-rows',
    )
    const [database] = comparisonSchema.parse(JSON.parse(stdout)).databases
    // One sequence is further than the source's, and is not set back.
    expect({ status, different: database?.sequences?.different.map((one) => one.name) }).toEqual({
      status: 5,
      different: ['public.ahead'],
    })
    const except = [/^≠ sequence public\.ahead/]
    expect(await compareDatabases(source, destination, { text: false, except })).toEqual([])
    const receipts = await destination.query('SELECT schema, name, deleted, inserted FROM sampan.repair ORDER BY name')
    const numbers = receipts.map(({ schema, name: table, deleted, inserted }) => ({
      ...{ schema, name: table },
      ...{ deleted: Number(deleted), inserted: Number(inserted) },
    }))
    expect(numbers.toSorted(byName)).toEqual(database?.repaired?.tables.toSorted(byName))
    expect(numbers.length).toBeGreaterThan(15)
    expect(await destination.query('SELECT state, repaired_by FROM sampan.run')).toEqual([
      { state: 'sealed', repaired_by: null },
    ])
    expect(await sampan('run', task, '--out', out, '--quiet')).toMatchObject({ status: 0 })
  })
})

function byName(one: Named, other: Named): number {
  return (one.name ?? '') < (other.name ?? '') ? -1 : 1
}

interface Named {
  readonly name?: string | null | undefined
}
