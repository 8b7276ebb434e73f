/** `npm run matrix`: a migration between every two majors that npm has here, each kind judged by the databases themselves. See docs/versions.md. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { type Report, reportSchema } from '../../lambdas/stages/report/model.ts'
import type { Major } from '../../local/servers/binaries.ts'
import { carelessSettings, type Server, startServer } from '../../local/servers/server.ts'
import { ask } from '../faults/ask.ts'
import { loginOf } from '../faults/servers.ts'
import { compareDatabases } from '../support/judges.ts'
import { runWorkflow, sideOf } from '../support/run.ts'
import { differencesOfShop, NAMES, TABLES } from './shop.ts'

const SOURCES: readonly Major[] = [10, 15, 18]
/** The binaries of 10 tell of no extension, so the precheck refuses them. */
const DESTINATIONS: readonly Major[] = [15, 18]

interface Kind {
  readonly title: string
  /** Fixtures for a source of this major. */
  readonly sql: (major: Major) => readonly string[]
  readonly wishes: Partial<TaskInput['databases'][number]>
  /** What differs, in lines. */
  readonly judge: (source: Database, destination: Database) => Promise<readonly string[]>
}

export interface Database {
  readonly connection: ReturnType<typeof loginOf> & { readonly database: string }
}

/** What nobody has said is what everybody has: the statement that says so leaves no trace on a new object. */
const STANDARD = [/^- right shop\.state: (PUBLIC|the owner) may USAGE$/]

const everything = (major: Major) =>
  major === 10
    ? ['../fixtures/old.sql']
    : ['../stages/schema/all-kinds.sql', ...(major >= 18 ? ['../stages/schema/all-kinds-18.sql'] : [])]
const shop = () => ['shop.sql']

const KINDS: readonly Kind[] = [
  {
    title: 'schema and rows',
    sql: everything,
    wishes: {},
    judge: (one, other) => compareDatabases(one, other, { except: STANDARD }),
  },
  { title: 'names', sql: shop, wishes: NAMES, judge: (one, other) => differencesOfShop(one, other, 'names') },
  {
    title: 'filters',
    sql: shop,
    wishes: { tables: TABLES },
    judge: (one, other) => differencesOfShop(one, other, 'filters'),
  },
]

const { values } = parseArgs({
  options: { kind: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } },
})
const isWanted = (major: Major, wanted: string | undefined) => wanted === undefined || Number(wanted) === major
const sources = SOURCES.filter((major) => isWanted(major, values.from))
const destinations = DESTINATIONS.filter((major) => isWanted(major, values.to))
const kinds = KINDS.filter(({ title }) => values.kind === undefined || title === values.kind)

// Ending in order takes the servers along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const settings = { ...carelessSettings, max_connections: '60', shared_buffers: '32MB' }
let wrong = 0
for (const kind of kinds) {
  process.stdout.write(
    `\n${kind.title}\n\n| from \\ to | ${destinations.join(' | ')} |\n| --- | ${destinations.map(() => '---').join(' | ')} |\n`,
  )
  for (const from of sources) {
    const cells: string[] = []
    for (const to of destinations) cells.push(await between(kind, from, to))
    process.stdout.write(`| ${from} | ${cells.join(' | ')} |\n`)
  }
}
process.exit(wrong > 0 ? 1 : 0)

/** Servers of their own: roles of the one are not the other's. */
async function between(kind: Kind, from: Major, to: Major): Promise<string> {
  const servers: Server[] = []
  const directory = await mkdtemp(join(tmpdir(), 'sampan-matrix-'))
  try {
    for (const major of [from, to]) servers.push(await startServer({ major, settings }))
    const [source, destination] = servers.map((server) => ({ connection: { ...loginOf(server), database: 'matrix' } }))
    if (source === undefined || destination === undefined) throw new RangeError('no servers')
    for (const { connection } of [source, destination]) {
      await ask(connection, 'postgres', 'CREATE DATABASE matrix TEMPLATE template0')
    }
    for (const file of kind.sql(from)) {
      await ask(source.connection, 'matrix', await readFile(new URL(file, import.meta.url), 'utf8'))
    }
    const refusal = refusalOf(await migrate(source, destination, kind.wishes, directory))
    if (refusal !== null) return refusal
    const found = await kind.judge(source, destination)
    if (found.length === 0) return 'equal'
    wrong += 1
    for (const line of found.slice(0, 20)) process.stderr.write(`${kind.title}, ${from} to ${to}: ${line}\n`)
    return `differs (${found.length})`
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await rm(directory, { recursive: true, force: true })
  }
}

async function migrate(
  source: Database,
  destination: Database,
  wishes: Kind['wishes'],
  directory: string,
): Promise<Ended> {
  const input: TaskInput = {
    name: `matrix-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    // A policy for names is the database's as well.
    databases: [{ name: 'matrix', as: 'matrix', ...wishes }],
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS', 'RENAME_BREAKS_CODE'] },
  }
  const { error } = await runWorkflow(input, directory)
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  return { report, error }
}

interface Ended {
  readonly report: Report
  readonly error: { readonly code: string; readonly message: string } | null
}

/** Why nothing was migrated, or what of it was not: each by its code. */
function refusalOf({ report: { prechecks, databases }, error }: Ended): string | null {
  const blocked = [...new Set(prechecks.filter(({ blocks }) => blocks).map(({ code }) => code))]
  if (blocked.length > 0) return `refused (${blocked.join(', ')})`
  const errors = databases.flatMap(({ error }) => (error === null ? [] : [error.code]))
  if (errors.length > 0) return `failed (${[...new Set(errors)].join(', ')})`
  if (error === null) return null
  process.stderr.write(`${error.code} ${error.message}\n`)
  return `failed (${error.code})`
}
