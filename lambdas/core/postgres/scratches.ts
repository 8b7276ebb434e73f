import { createHash } from 'node:crypto'
import type { Session } from './connect.ts'
import { quoteIdentifier, quoteLiteral } from './identifiers.ts'

/** WITH (FORCE) came with 13. */
const FORCE_SINCE = 130_000

/** Whose scratch databases: of one database of a run, and, where it is named, of one execution. */
export interface ScratchOwner {
  readonly run: string
  /** The database's name on the destination. */
  readonly as: string
  readonly execution?: string
}

/** How the names of scratch databases begin; another run on the same server has others. A number follows. */
export function scratchPrefix({ run, as, execution }: ScratchOwner): string {
  const ofRun = `sampan_scratch_${digestOf(JSON.stringify([run, as]), 16)}_`
  return execution === undefined ? ofRun : `${ofRun}${digestOf(execution, 8)}_`
}

function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}

/** A scratch database that is there. */
export interface FoundScratch {
  readonly name: string
  /** Somebody has a session in it. */
  readonly busy: boolean
}

/** Scratch databases that are there: by their name, and of this session's own account, which has made them. */
export async function findScratches(session: Session, owner: ScratchOwner): Promise<readonly FoundScratch[]> {
  const pattern = `${scratchPrefix(owner).replaceAll('_', String.raw`\_`)}%`
  return session.rows<{ name: string; busy: boolean }>(
    `SELECT d.datname::text AS name,
            EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid) AS busy
     FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_roles AS r ON r.oid = d.datdba
     WHERE d.datname LIKE ${quoteLiteral(pattern)} AND r.rolname = current_user ORDER BY 1`,
  )
}

/** @param session to another database */
export async function dropScratches(session: Session, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (session.serverVersion >= FORCE_SINCE) {
      await session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
      continue
    }
    await session.rows(
      `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.datname = $1`,
      [name],
    )
    await session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`)
  }
}
