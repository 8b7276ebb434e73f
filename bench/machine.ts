import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { ask, databaseOf, type Stage } from './stage.ts'

const programs = {
  pgcopydb: 'pgcopydb',
  pg_dump: 'postgresql-client-15',
  pg_restore: 'postgresql-client-15',
  psql: 'postgresql-client-15',
  '/usr/bin/time': 'time',
}

/** @throws Error that names what to install */
export function requirePeers(): void {
  const missing = Object.entries(programs).filter(([program]) => version(program) === null)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ')
  throw new Error(`the peers ${missing.map(([name]) => name).join(', ')} are missing: apt-get install -y ${packages}`)
}

/** What the figures hold for, as a list. */
export async function machineFacts(stage: Stage): Promise<string> {
  const servers = await ask(databaseOf(stage.source, 'postgres'), 'SHOW server_version')
  const facts = [
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, shared by both servers, relay and copier`,
    `source and destination: PostgreSQL ${servers[0]?.server_version} on 127.0.0.1, ${Object.entries(
      stage.servers.settings,
    )
      .map(([name, value]) => `${name} = ${value}`)
      .join(', ')}, all else as PostgreSQL's defaults (fsync, full_page_writes and synchronous_commit on)`,
    `Sampan on Node.js ${process.version}; ${version('pgcopydb')}; ${version('pg_dump')}`,
  ]
  return facts.map((fact) => `- ${fact}`).join('\n')
}

function version(program: string): string | null {
  const run = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return run.error === undefined
    ? (`${run.stdout}${run.stderr}`.split('\n').find((line) => !/INFO/.test(line)) ?? '')
    : null
}
