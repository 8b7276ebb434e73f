import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { newExecutionName } from '../../cli/execution-name.ts'
import { runTask } from '../../cli/run-task.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { countTurns } from '../support/turns.ts'

const DELAY_MILLISECONDS = 10

const directories: string[] = []
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true })
})

/** Round trips to the destination in a whole run over so many tables, with keys, indexes and sequences. */
async function turnsOf(tables: number, names: object): Promise<number> {
  const source = await createDatabase(
    sharedServer(15),
    `DO $$ BEGIN FOR t IN 1 .. ${tables} LOOP
       EXECUTE format('CREATE TABLE small_%1$s (id serial PRIMARY KEY, name text NOT NULL);
         INSERT INTO small_%1$s (name) SELECT ''row '' || n FROM generate_series(1, 10) n;
         CREATE INDEX ON small_%1$s (name)', t);
     END LOOP; END $$`,
  )
  const destination = await createDatabase(sharedServer(18))
  const counter = await countTurns(destination.connection.port, DELAY_MILLISECONDS)
  const directory = await mkdtemp(join(tmpdir(), 'sampan-test-'))
  directories.push(directory)
  const side = ({ connection: { host, port, user, password } }: typeof source, through = port) => {
    return { host, port: through, user, password, tls: { mode: 'disable' as const } }
  }
  const input = {
    name: `distance-${randomBytes(4).toString('hex')}`,
    source: side(source),
    destination: side(destination, counter.port),
    databases: [{ name: source.name, as: destination.name, ...names }],
    lanes: 2,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  const signal = new AbortController().signal
  const executionName = newExecutionName(task.name)
  const outcome = await runTask({ input, task, executionName, directory, display: 'none', signal })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  const [row] = await destination.query(`SELECT count(*) FROM pg_class WHERE relname ILIKE 'small_%' AND relkind = 'r'`)
  expect(row?.count).toBe(String(tables))
  return counter.turns()
}

/**
 * 380 tables more, with a key, an index and a sequence each. One round trip for each of them in one step of the workflow
 * would be 380, and there are ten such steps. What may grow are flights (500 objects, 256 chunks, 100 indexes each), a long
 * flight's answers that come while it is still being sent, and lanes that look by the clock for work.
 */
test.each([
  ['as they are', {}],
  ['under other names', { names: { case: 'upper' } }],
])(
  'the round trips of a whole run do not grow with the number of tables, but for one flight per batch (%s)',
  { tags: 'long', timeout: 300_000 },
  async (_, names) => {
    const few = await turnsOf(20, names)
    const many = await turnsOf(400, names)
    expect(many - few).toBeLessThan(150)
  },
)
