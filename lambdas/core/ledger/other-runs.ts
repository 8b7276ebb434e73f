import type { Session } from '../postgres/connect.ts'
import { applicationName } from '../postgres/sessions.ts'
import { ONLOOKERS } from './other-start.ts'

/** A run of another name that works in the same database. */
export interface OtherRun {
  /** As its sessions carry it: a long one is shortened. */
  readonly run: string
  readonly sessions: number
  readonly since: string
  /** The oldest of its sessions. */
  readonly pid: number
  readonly name: string
  /** `null`: by a socket, or not shown to this account. */
  readonly address: string | null
}

/** Runs of other names that have sessions in this database, by the names of these. Needs no ledger. */
export function readOtherRuns(destination: Session, run: string): Promise<OtherRun[]> {
  return destination.rows<OtherRun>(
    `SELECT o.run, pg_catalog.count(*)::integer AS sessions, pg_catalog.min(o.since)::text AS since,
            (pg_catalog.array_agg(o.pid ORDER BY o.since))[1] AS pid, (pg_catalog.array_agg(o.name ORDER BY o.since))[1] AS name,
            (pg_catalog.array_agg(o.address ORDER BY o.since))[1] AS address
       FROM (SELECT pg_catalog.split_part(a.application_name, ':', 2) AS run, a.backend_start AS since, a.pid,
                    a.application_name AS name, pg_catalog.host(a.client_addr) AS address
               FROM pg_catalog.pg_stat_activity a
              WHERE a.datname = pg_catalog.current_database() AND a.application_name ~ '^sampan:[^:]+:'
                AND pg_catalog.left(a.application_name, pg_catalog.length($1)) <> $1
                AND pg_catalog.substr(a.application_name, pg_catalog.length(pg_catalog.split_part(a.application_name, ':', 2)) + 9) !~ $2) o
      GROUP BY o.run ORDER BY 1`,
    [applicationName(run, ''), ONLOOKERS.source],
  )
}

/** Those of them that have opened their run in this ledger before this one was opened: of two that begin at once one gives way. */
export async function readEarlierRuns(destination: Session, run: string): Promise<OtherRun[]> {
  const others = await readOtherRuns(destination, run)
  if (others.length === 0) return []
  const earlier = await destination.rows<{ id: string }>(
    `SELECT o.id FROM sampan.run o JOIN sampan.run r ON r.id = $1
      WHERE o.state = 'open' AND o.id <> r.id AND (o.started_at, o.id) < (r.started_at, r.id)`,
    [run],
  )
  const prefixes = new Set(earlier.map(({ id }) => applicationName(id, '')))
  return others.filter((other) => prefixes.has(`sampan:${other.run}:`))
}

/** Who works there: the run, since when, and where to find it. */
export function describeOtherRun({ run, sessions, since, pid, name, address }: OtherRun): string {
  const from = address === null ? '' : ` from ${address}`
  return `run "${run}", ${sessions === 1 ? 'a session' : `${sessions} sessions`} since ${since}: process ${pid} (${name}${from})`
}
