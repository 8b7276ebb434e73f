import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compareDatabases } from '../support/judges.ts'
import type { Login } from '../support/run.ts'
import { ask } from './ask.ts'
import { SOURCE_DATABASE } from './servers.ts'

export interface Migrated {
  /** Of the run and of the destination's database. */
  readonly name: string
  readonly source: Login
  readonly destination: Login
  /** Where the run's report is. */
  readonly out: string
}

/** Everything that is wrong after a run that says it is done: content, ledger, report, and what it left behind. */
export async function findProblems({ name, source, destination, out }: Migrated): Promise<readonly string[]> {
  const connection = ({ host, port, user, password }: Login, database: string) => ({
    connection: { host, port, user, password, database },
  })
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8').catch(() => '{}')) as { status?: string }
  const problems = [
    ...(await compareDatabases(connection(source, SOURCE_DATABASE), connection(destination, name))),
    ...(await findLedgerProblems(destination, name)),
    ...(await findBackends(source, name)),
    ...(await findBackends(destination, name)),
  ]
  if (report.status !== 'succeeded') problems.push(`the report says ${report.status}`)
  return problems
}

export async function findLedgerProblems(destination: Login, name: string): Promise<string[]> {
  const [row] = await ask(
    destination,
    name,
    `SELECT (SELECT state FROM sampan.run) AS state,
            (SELECT count(*) FROM sampan.chunk WHERE state <> 'done') AS chunks,
            (SELECT count(*) FROM sampan.object WHERE status NOT IN ('migrated', 'transformed', 'skipped')) AS objects,
            (SELECT count(*) FROM sampan.large_object_page) AS pages`,
  ).catch((thrown: unknown) => [{ state: String(thrown), chunks: '0', objects: '0', pages: '0' }])
  const found = { state: row?.state, open: [row?.chunks, row?.objects, row?.pages].join(' ') }
  return found.state === 'sealed' && found.open === '0 0 0' ? [] : [`the ledger says ${JSON.stringify(found)}`]
}

/** Backends end some moments after their client. */
const GRACE_MILLISECONDS = 10_000

export async function findBackends(login: Login, name: string): Promise<string[]> {
  const until = performance.now() + GRACE_MILLISECONDS
  for (;;) {
    const left = await ask(
      login,
      'postgres',
      `SELECT application_name AS name, state, pg_catalog.left(query, 60) AS query FROM pg_catalog.pg_stat_activity
        WHERE application_name LIKE 'sampan:${name}:%'`,
    )
    if (left.length === 0) return []
    if (performance.now() > until) return left.map((row) => `a backend is left: ${JSON.stringify(row)}`)
    await sleep(100)
  }
}
