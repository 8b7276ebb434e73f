/**
 * Cases: a source database made by a file of test/cases/, migrated as `sampan run` does it, and judged.
 *
 *     const run = await (await openCase('extensions-made-beforehand')).run()
 *     expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
 *     expect(await run.differences()).toEqual([])
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import pg from 'pg'
import type { TaskOutcome } from '../../../cli/run-task.ts'
import { summaryText } from '../../../cli/summary/summary.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import {
  type EventReport,
  type ObjectReport,
  type PrecheckReport,
  type Report,
  reportSchema,
} from '../../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from '../directories.ts'
import { type ComparisonOptions, compareDatabases } from '../judges.ts'
import { runWorkflow } from '../run.ts'
import {
  adoptDatabase,
  adoptRole,
  cheapStrategy,
  oldestServer,
  otherServer15,
  type ServerAddress,
  sharedServer,
  type TestDatabase,
} from '../servers.ts'
import { type CaseFile, readCase, setVariables } from './case-file.ts'

export interface CaseServers {
  /** @default the 15 that all files share, or the oldest server where the case is named `ten-` */
  readonly source?: ServerAddress
  /** @default a second 15: it has none of the source's roles */
  readonly destination?: ServerAddress
}

/** A case whose databases stand, to be run as often as a test likes. */
export interface OpenCase {
  readonly source: TestDatabase
  readonly destination: TestDatabase
  /** @param overrides merged into the task; what they acknowledge comes to what the case itself acknowledges */
  run(overrides?: Partial<TaskInput>, around?: Around): Promise<CaseRun>
}

/** Stands around every call of a step. */
export type Around = NonNullable<Parameters<typeof runWorkflow>[2]>

/** How a run of a case ended. */
export interface CaseRun {
  readonly outcome: TaskOutcome
  readonly report: Report
  /** Checks of the precheck that found something. */
  readonly findings: readonly PrecheckReport[]
  /** Of the one database, as are the objects. */
  readonly events: readonly EventReport[]
  readonly objects: readonly ObjectReport[]
  /** `kind name` of all objects with this status. */
  named(status: ObjectReport['status']): readonly string[]
  /** What the user reads at the end. */
  readonly summary: string
  /** What the run has written beside its report. */
  readonly directory: string
  /** What the independent judges see: everything, or with `rows` only rows, sequences and large objects. */
  differences(options?: ComparisonOptions & { readonly rows?: boolean }): Promise<readonly string[]>
  /** The case's `check` lines whose answers are not equal at both ends. */
  checks(): Promise<readonly string[]>
  /** The answers to the case's `dcheck` lines, an error as its SQLSTATE. */
  destinationChecks(): Promise<readonly Answer[]>
}

type Answer = readonly (readonly (string | null)[])[] | string

/** Makes both databases of test/cases/`name`.sql; dropped with its roles when the test file ends. */
export async function openCase(name: string, servers: CaseServers = {}): Promise<OpenCase> {
  const file = await readCase(name)
  const from = servers.source ?? (file.fromOldest ? await oldestServer() : sharedServer(15))
  const to = servers.destination ?? (await otherServer15())
  const unique = `case_${randomBytes(6).toString('hex')}`
  for (const role of file.roles) for (const server of [from, to]) adoptRole(server, role)

  const source = await create(from, unique, file.databaseOptions)
  // One server cannot hold both under one name.
  const as = from.port === to.port ? `${unique}_to` : unique
  const destination = file.destinationAbsent
    ? adoptDatabase(to, as)
    : await create(to, as, file.destinationDatabaseOptions)
  await source.query(setVariables(file.sql, source.name))
  await prepare(destination, file)
  if (file.sourceUser !== null) await administer(from, letLogin(file.sourceUser, from))
  if (file.destinationUser !== null) await administer(to, letLogin(file.destinationUser, to))
  return {
    source,
    destination,
    run: async (overrides = {}, around) => runCase(file, source, destination, overrides, around),
  }
}

async function create(server: ServerAddress, name: string, options: string): Promise<TestDatabase> {
  await administer(server, `CREATE DATABASE ${name} ${options} ${cheapStrategy(server)}`)
  return adoptDatabase(server, name)
}

/** A role that another run of the case has left stays: roles belong to the server. */
async function prepare(destination: TestDatabase, file: CaseFile): Promise<void> {
  for (const sql of file.beforeInPostgres) {
    await administer(destination.server, setVariables(sql, destination.name)).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && error.code === '42710' && /^create role/i.test(sql))) throw error
    })
  }
  for (const sql of file.beforeInDestination) await destination.query(setVariables(sql, destination.name))
}

function letLogin(role: string, { password }: ServerAddress): string {
  return `ALTER ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`
}

async function runCase(
  file: CaseFile,
  source: TestDatabase,
  destination: TestDatabase,
  overrides: Partial<TaskInput>,
  around?: Around,
): Promise<CaseRun> {
  const directory = await temporaryDirectory()
  const own: Partial<TaskInput> = JSON.parse(file.task.replaceAll('$DB', source.name))
  const acknowledged = [own, overrides].flatMap((part) => part.precheck?.acknowledge ?? [])
  const input: TaskInput = {
    name: `case-${randomBytes(4).toString('hex')}`,
    source: side(source, file.sourceUser),
    destination: side(destination, file.destinationUser),
    databases: [{ name: source.name, as: destination.name }],
    lanes: 3,
    retry: { connectionMinutes: 10, otherMinutes: 1 },
    ...own,
    ...overrides,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', ...file.acknowledge, ...acknowledged] },
  }
  const outcome = await runWorkflow(input, directory, around)
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  const objects = report.databases[0]?.objects ?? []
  return {
    outcome,
    report,
    directory,
    findings: report.prechecks.filter(({ status }) => status === 'found'),
    events: report.databases[0]?.events ?? [],
    objects,
    named: (status) => objects.filter((object) => object.status === status).map(({ kind, name }) => `${kind} ${name}`),
    summary: stripVTControlCharacters(summaryText(report, outcome.milliseconds, outcome.untouched)),
    async differences({ rows, ...options } = {}) {
      const all = await compareDatabases(source, destination, { ...options, ...(rows === true ? { text: false } : {}) })
      return rows === true ? all.filter((line) => /^[-+≠] (rows of|sequence|large object) /.test(line)) : all
    },
    async checks() {
      const [here, there] = await Promise.all([ask(source, file.checks), ask(destination, file.checks)])
      return file.checks.flatMap((sql, index) => {
        const [left, right] = [here[index], there[index]].map((answer) => JSON.stringify(answer))
        return left === right ? [] : [`${sql}: ${left} ≠ ${right}`]
      })
    },
    destinationChecks: () => ask(destination, file.destinationChecks),
  }
}

function side({ connection: { host, port, user, password } }: TestDatabase, account: string | null) {
  return { host, port, user: account ?? user, password, tls: { mode: 'disable' as const } }
}

/** Asks one thing after the other in one session, which a `SET ROLE` among them holds for. */
async function ask(database: TestDatabase, questions: readonly string[]): Promise<readonly Answer[]> {
  if (questions.length === 0) return []
  const client = await database.connect()
  const answers: Answer[] = []
  for (const text of questions) {
    try {
      const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array' })
      answers.push(rows)
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error
      answers.push(error.code ?? error.message)
    }
  }
  await client.end()
  return answers
}

async function administer(server: ServerAddress, sql: string): Promise<void> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres', application_name: 'test' })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
