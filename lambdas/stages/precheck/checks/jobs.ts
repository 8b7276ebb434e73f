import type { Session } from '../../../core/postgres/connect.ts'
import { type Check, count, findingOf } from '../check.ts'

interface Scheduler {
  readonly name: string
  readonly table: string
  /** Number, name and schedule; never what it does, which may hold values and passwords. */
  readonly jobs: string
}

/**
 * https://github.com/citusdata/pg_cron: rows of others are hidden by a policy; a name came with 1.3.
 * https://www.pgadmin.org/docs/pgadmin4/latest/pgagent.html
 */
const SCHEDULERS: readonly Scheduler[] = [
  {
    name: 'pg_cron',
    table: 'cron.job',
    jobs: `SELECT pg_catalog.format('job %s of %s, %s', j.jobid, j.username, j.schedule) AS job
             FROM cron.job AS j WHERE j.active AND j.database = pg_catalog.current_database() ORDER BY j.jobid`,
  },
  {
    name: 'pgAgent',
    table: 'pgagent.pga_job',
    jobs: `SELECT pg_catalog.format('job %s, %s', j.jobid, j.jobname) AS job
             FROM pgagent.pga_job AS j WHERE j.jobenabled ORDER BY j.jobid`,
  },
]

export const sourceJobs: Check = {
  code: 'SRC_JOBS',
  side: 'source',
  level: 'info',
  scope: 'database',
  needs: ['source'],
  title: 'no job of pg_cron or pgAgent that the account sees works in the source',
  cause: 'jobs work in the source: they write while it is copied, and may run on both servers afterwards',
  remedy: 'switch them off while it is copied, and decide on which server each runs after the cutover',
  async run({ source }) {
    const found = await Promise.all(SCHEDULERS.map((scheduler) => jobsOf(source, scheduler)))
    return findingOf(found.flat(), (number) => count(number, 'job'))
  },
}

async function jobsOf(source: Session, { name, table, jobs }: Scheduler): Promise<readonly string[]> {
  const [found] = await source.rows<{ readable: boolean }>(
    `SELECT COALESCE(pg_catalog.bool_or(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                     AND pg_catalog.has_table_privilege(c.oid, 'SELECT')), false) AS readable
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname || '.' || c.relname = $1`,
    [table],
  )
  if (!found?.readable) return []
  return (await source.rows<{ job: string }>(jobs)).map(({ job }) => `${name}: ${job}`)
}
