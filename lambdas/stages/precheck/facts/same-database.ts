import { randomInt } from 'node:crypto'
import type { Session } from '../../../core/postgres/connect.ts'
import { readSystemIdentifier } from '../../../core/postgres/server-identity.ts'
import type { CheckContext } from '../context.ts'

/** What advisory locks are keyed by: two numbers of 31 bits, of which nobody else has chosen these. */
const MOST = 2 ** 31 - 1

/**
 * Which of the task's source databases the destination is, whatever hosts, ports and names lead there: this pair's own, or
 * another's, which would be written to while it is read. `null`: none.
 */
export async function sourceThatIsDestination(context: CheckContext): Promise<string | null> {
  const { event, database, source, destination } = context
  const name = event.task.databases.find((one) => one.name === database.as)?.name ?? null
  // One server has one database of a name.
  if (name === null) return null
  return (await isSameServer(source, destination)) || (await isKin(source, destination)) ? name : null
}

/**
 * A lock that the source's session takes shows in `pg_locks` of its own server only; the identifier of the system is shown to few
 * accounts of a managed server.
 */
async function isSameServer(source: Session, destination: Session): Promise<boolean> {
  const [one, other] = [randomInt(MOST), randomInt(MOST)]
  await source.rows('SELECT pg_catalog.pg_advisory_lock_shared($1, $2)', [one, other])
  try {
    const [row] = await destination.rows<{ seen: boolean }>(
      `SELECT pg_catalog.count(*) > 0 AS seen FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = $1::pg_catalog.int8::pg_catalog.oid
          AND l.objid = $2::pg_catalog.int8::pg_catalog.oid`,
      [one, other],
    )
    return row?.seen === true
  } finally {
    await source.rows('SELECT pg_catalog.pg_advisory_unlock_shared($1, $2)', [one, other])
  }
}

/**
 * One side is a standby of the other, or both are of one primary: a standby has the identifier of its primary, and where that is not
 * shown the same relations under the same numbers in the same files.
 */
async function isKin(source: Session, destination: Session): Promise<boolean> {
  const [one, other] = await Promise.all([readForm(source), readForm(destination)])
  if (!one.recovering && !other.recovering) return false
  const identifiers = [await readSystemIdentifier(source), await readSystemIdentifier(destination)]
  if (identifiers.includes(null)) return one.relations !== null && one.relations === other.relations
  return identifiers[0] === identifiers[1]
}

interface Form {
  readonly recovering: boolean
  /** Digest of the database's own relations, `null` where it has none. */
  readonly relations: string | null
}

async function readForm(session: Session): Promise<Form> {
  const [row] = await session.rows<Form>(
    `SELECT pg_catalog.pg_is_in_recovery() AS recovering,
            (SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', oid, relfilenode, relname), ',' ORDER BY oid))
               FROM pg_catalog.pg_class WHERE oid >= 16384 AND relpersistence <> 't') AS relations`,
  )
  return row ?? { recovering: false, relations: null }
}
