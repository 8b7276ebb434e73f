import type { Side } from '../../../core/postgres/errors.ts'
import { applicationName } from '../../../core/postgres/sessions.ts'
import { databasesAtOnce, laneNumbers } from '../../../core/task/lanes.ts'
import { type Check, passed } from '../check.ts'
import { destinationRole, sourceRole } from '../facts/role.ts'

/** Beside the lanes, each database has two keepers of the snapshot and one session for catalogues and receipts. */
const BESIDE_LANES = 3
/** One that looks after the slot, and on the source the walsender. */
const TO_FOLLOW = 2

interface Usage {
  readonly most: number
  readonly reserved: number
  readonly used: number
  readonly usedByRole: number
}

const check = (side: Side): Check => ({
  code: side === 'source' ? 'SRC_CONNECTIONS_SHORT' : 'DST_CONNECTIONS_SHORT',
  side,
  level: 'error',
  scope: 'task',
  needs: [side],
  title: `the ${side} has connections left for every lane`,
  cause: `the free connections of the ${side} are fewer than the lanes of the task ask for`,
  remedy: 'lower "lanes" in the task, end idle sessions, or raise max_connections or the role’s limit',
  async run(context) {
    const session = side === 'source' ? context.source : context.destinationServer
    const { event } = context
    const databases = databasesAtOnce(event)
    // On the destination as many lanes build indexes beside the copy, and lanes that may be counted later wait there; on the
    // source each lane has a second session, which computes digests.
    const { first, most, beside } = laneNumbers(event.task)
    const onSource = event.task.validation.mode === 'full' ? 2 * first : first
    const lanes = side === 'source' ? onSource : most + beside
    const each = lanes + BESIDE_LANES + (event.task.follow === undefined ? 0 : TO_FOLLOW)
    const needed = databases * each
    const names = event.task.databases.map(({ name, as }) => (side === 'source' ? name : as))
    const [role, [usage], limited] = await Promise.all([
      context.fact(side === 'source' ? sourceRole : destinationRole),
      session.rows<Usage>(usageSql(session.serverVersion), [applicationName(event.run.id, '')]),
      session.rows<Limited>(LIMITED_SQL, [applicationName(event.run.id, ''), names]),
    ])
    if (usage === undefined) return passed
    const short = role.superuser ? [] : limited.filter(({ free }) => free < each)
    if (short.length > 0) {
      const details = short.map(({ name, limit, free }) => `${name}: ${free} of ${limit} are free`)
      const cause = `a database of the ${side} takes fewer connections than the ${each} that the task needs in it`
      return [{ cause, details, remedy: 'lower "lanes" in the task, or ALTER DATABASE … CONNECTION LIMIT' }]
    }
    const free = usage.most - (role.superuser ? 0 : usage.reserved) - usage.used
    const freeOfRole = role.connectionLimit < 0 || role.superuser ? free : role.connectionLimit - usage.usedByRole
    if (needed <= Math.min(free, freeOfRole)) return passed
    const cause =
      freeOfRole < free
        ? `the role ${role.name} may open ${freeOfRole} more connections on the ${side}, the task needs ${needed}`
        : `${free} of ${usage.most} connections are free on the ${side}, the task needs ${needed}`
    return [{ cause }]
  },
})

interface Limited {
  readonly name: string
  readonly limit: number
  readonly free: number
}

/** Databases with a limit of their own, and how much of it is left. */
const LIMITED_SQL = `
  SELECT d.datname AS name, d.datconnlimit AS limit, (d.datconnlimit - pg_catalog.count(a.pid))::int4 AS free
    FROM pg_catalog.pg_database d
    LEFT JOIN pg_catalog.pg_stat_activity a
      ON a.datid = d.oid AND COALESCE(pg_catalog.strpos(a.application_name, $1), 0) <> 1
   WHERE d.datconnlimit >= 0 AND d.datname = ANY ($2::pg_catalog.name[])
   GROUP BY d.datname, d.datconnlimit ORDER BY d.datname`

/** Sessions of this run do not count: they end, or are the ones planned. */
function usageSql(version: number): string {
  const reserved = ["pg_catalog.current_setting('superuser_reserved_connections')::int4"]
  if (version >= 160_000) reserved.push("pg_catalog.current_setting('reserved_connections')::int4")
  if (version >= 90_600) {
    reserved.push(
      "COALESCE(NULLIF(pg_catalog.current_setting('rds.rds_superuser_reserved_connections', true), '')::int4, 0)",
    )
  }
  return `
    SELECT pg_catalog.current_setting('max_connections')::int4 AS most, ${reserved.join(' + ')} AS reserved,
           pg_catalog.count(*)::int4 AS used,
           pg_catalog.count(CASE WHEN usename = current_user THEN 1 END)::int4 AS "usedByRole"
      FROM pg_catalog.pg_stat_activity
     WHERE datid IS NOT NULL AND COALESCE(pg_catalog.strpos(application_name, $1), 0) <> 1
           ${version >= 100_000 ? "AND backend_type = 'client backend'" : ''}`
}

export const sourceConnectionsShort = check('source')
export const destinationConnectionsShort = check('destination')
