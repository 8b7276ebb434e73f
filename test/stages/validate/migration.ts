import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { connect, type Session } from '../../../lambdas/core/postgres/connect.ts'
import { hashBytes } from '../../../lambdas/core/postgres/hash-bytes.ts'
import type { StepContext, StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'
import { type Task, taskSchema } from '../../../lambdas/core/task/task.ts'
import { handler as lane } from '../../../lambdas/stages/validate/lane-handler.ts'
import { handler as plan } from '../../../lambdas/stages/validate/plan-handler.ts'
import { handler as seal } from '../../../lambdas/stages/validate/seal-handler.ts'
import { handler as summarise } from '../../../lambdas/stages/validate/summary-handler.ts'
import { createDatabase, type ServerAddress, sharedServer, type TestDatabase } from '../../support/servers.ts'

export const RUN = 'test-run'

/** A table of the tests: its SQL, made on both sides, and how a row is hashed. */
export interface TestTable {
  readonly name: string
  readonly columns: string
  /** Hashed column by column: `[column, send function]`. */
  readonly hashed: readonly (readonly [column: string, send: string])[]
}

export const ITEMS: TestTable = {
  name: 'items',
  columns: 'id bigint PRIMARY KEY, note text, price numeric',
  hashed: [
    ['id', 'int8send'],
    ['note', 'textsend'],
    ['price', 'numeric_send'],
  ],
}

export const VISITS: TestTable = {
  name: 'visits',
  columns: 'page text, seen timestamptz',
  hashed: [
    ['page', 'textsend'],
    ['seen', 'timestamptz_send'],
  ],
}

/** A migration whose rows have arrived, as PlanCopy and the copy leave it: what validation begins with. */
export interface Copied {
  readonly source: TestDatabase
  readonly destination: TestDatabase
  readonly event: StepEvent
}

/**
 * Makes both databases with the same tables and rows, and a ledger on the destination that says so.
 * @param rows SQL run on both sides after the tables are made
 */
export async function copied(
  tables: readonly TestTable[],
  rows: string,
  task: Partial<Pick<Task, 'validation' | 'onObjectError' | 'chunkMegabytes'>> = {},
  servers: readonly [ServerAddress, ServerAddress] = [sharedServer(15), sharedServer(18)],
): Promise<Copied> {
  const sql = `${tables.map((table) => `CREATE TABLE ${table.name} (${table.columns});`).join('\n')}\n${rows}`
  const source = await createDatabase(servers[0], sql)
  const destination = await createDatabase(servers[1], sql)
  const event = eventOf(source, destination, task)
  await writeLedger(source, destination, tables)
  return { source, destination, event }
}

function eventOf(source: TestDatabase, destination: TestDatabase, task: Partial<Task> = {}): StepEvent {
  const side = (database: TestDatabase) => ({
    host: database.connection.host,
    port: database.connection.port,
    user: database.connection.user,
    password: database.connection.password,
    tls: { mode: 'disable' as const },
  })
  const given = taskSchema.parse({
    name: RUN,
    source: side(source),
    destination: side(destination),
    databases: [{ name: source.name, as: destination.name }],
    ...task,
  })
  return {
    run: { id: RUN, execution: 'execution-1' },
    task: given,
    endpoints: {
      source: { host: source.connection.host, port: source.connection.port },
      destination: { host: destination.connection.host, port: destination.connection.port },
    },
    database: { name: source.name, as: destination.name },
    lane: null,
    window: null,
  }
}

async function writeLedger(
  source: TestDatabase,
  destination: TestDatabase,
  tables: readonly TestTable[],
): Promise<void> {
  const session = await sessionOf(destination)
  await migrateLedger(session)
  await session.rows(
    `INSERT INTO sampan.run (id, fingerprint, source, execution, copied_at) VALUES ($1, 'f', $2, 'execution-1', pg_catalog.now())`,
    [RUN, JSON.stringify({ serverVersion: 150_018, encoding: 'UTF8', database: source.name })],
  )
  for (const [index, table] of tables.entries()) {
    const digestSql = hashBytes(table.hashed.map(([column, send]) => `pg_catalog.${send}("${column}")`))
    const [known] = await source.query(`SELECT 'public.${table.name}'::regclass::oid AS oid,
      count(*)::text AS rows, COALESCE(sum(${digestSql}), 0)::text AS digest FROM ONLY public.${table.name}`)
    await session.rows(
      `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, digest_sql, has_key, bytes)
       VALUES ($1, $2, 'public', $3, $4, '{}', $5, $6, 8192)`,
      [
        RUN,
        known?.oid,
        table.name,
        table.hashed.map(([column]) => column),
        digestSql,
        table.columns.includes('PRIMARY'),
      ],
    )
    await session.rows(
      `INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, rows, copied_bytes, digest, finished_at)
       VALUES ($1, $2, $3, 'whole', 8192, 'done', 1, $4, 4096, $5, pg_catalog.clock_timestamp())`,
      [RUN, index + 1, known?.oid, known?.rows, known?.digest],
    )
  }
  await session.close()
}

export async function sessionOf(database: TestDatabase, options: { pipeline?: boolean } = {}): Promise<Session> {
  return connect({
    side: 'destination',
    pipeline: true,
    tls: false,
    applicationName: 'test',
    ...database.connection,
    ...options,
  })
}

export function context(milliseconds = 60_000): StepContext {
  const end = performance.now() + milliseconds
  return { awsRequestId: 'request', getRemainingTimeInMillis: () => end - performance.now() }
}

/** Everything from PlanValidation to Seal, as the state machine calls it with two lanes. */
export async function validate(event: StepEvent): Promise<StepAnswer<unknown>> {
  const planned = await plan(event, context())
  if (planned.verdict !== 'done') return planned
  const answers = await Promise.all([0, 1].map((number) => lane({ ...event, lane: number }, context())))
  const results = answers.map((answer, number) => ({
    lane: number,
    verdict: answer.verdict as 'done' | 'yield' | 'failed',
    error: answer.error,
  }))
  const summary = await summarise({ ...event, results }, context())
  return summary.verdict === 'done' ? seal(event, context()) : summary
}
