import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import { STREAM_NAME } from '../postgres/stream-name.ts'
import { SampanError } from '../runtime/errors.ts'

/** Whoever queues behind a lock that we wait for waits as well. */
export const LOCK_TIMEOUT = '2s'
const LOCK_NOT_AVAILABLE = '55P03'

/** The replica identity that a table gets for as long as it is followed: `d` the primary key, `i` an index, `f` whole rows, `n` none. */
export interface IdentityChange {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly from: 'd' | 'n'
  readonly to: 'd' | 'i' | 'f'
  /** The index's name where it is one. */
  readonly index: string | null
}

/** For people: what is done to the table. */
export function describeChange({ schema, name, from, to, index }: IdentityChange): string {
  const why = {
    d: 'its primary key tells its rows from each other, and its replica identity is NOTHING',
    i: `its unique index ${index} tells its rows from each other`,
    f: 'no key tells its rows from each other: every UPDATE and DELETE writes the whole old row to the WAL',
  }[to]
  return `${schema}.${name}: REPLICA IDENTITY ${clauseOf({ to, index })} until the end, then ${clauseOf({ to: from, index: null })} again; ${why}`
}

function clauseOf({ to, index }: { readonly to: 'd' | 'i' | 'f' | 'n'; readonly index: string | null }): string {
  if (to === 'i') return `USING INDEX ${quoteIdentifier(index ?? '')}`
  return { d: 'DEFAULT', f: 'FULL', n: 'NOTHING' }[to]
}

/**
 * What is changed is written down on the source beforehand, in the publication's comment, so that whoever takes the publication back
 * knows it, though the destination were gone. The catalogue's digest reads it, too (structure-sql.ts).
 */
export async function changeIdentities(
  source: Session,
  publication: string,
  changes: readonly IdentityChange[],
): Promise<void> {
  if (changes.length === 0) return
  const list = changes.map(changeText).join('')
  await source.execute(commentOn(publication, `${HEADING}${list}`))
  for (const { schema, name, ...change } of changes) {
    await underLockTimeout(source, alter(quoteQualified(schema, name), clauseOf(change)))
  }
}

const HEADING = 'Sampan has changed replica identities, and puts them back:'

const changeText = ({ oid, from, to }: Pick<IdentityChange, 'oid' | 'from' | 'to'>) => ` ${oid}=${from}>${to}`

const commentOn = (publication: string, text: string) =>
  `COMMENT ON PUBLICATION ${quoteIdentifier(publication)} IS ${quoteLiteral(text)}`

/** A table whose identity is another one for as long as it is followed. */
export type ChangedIdentity = Omit<IdentityChange, 'to'>

/** What following has changed on the source, for this run or, without its name, for any, and what is still as it was set then. */
export async function readChangedIdentities(source: Session, publication?: string): Promise<readonly IdentityChange[]> {
  if (source.serverVersion < 100_000) return []
  return source.rows<IdentityChange>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name, m.found[2] AS "from", m.found[3] AS "to",
            (SELECT x.relname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
              WHERE i.indrelid = c.oid AND i.indisreplident) AS index
       FROM pg_catalog.pg_publication p
       JOIN pg_catalog.pg_description d ON d.classoid = p.tableoid AND d.objoid = p.oid
       CROSS JOIN LATERAL pg_catalog.regexp_matches(d.description, ' ([0-9]+)=([dn])>([dif])', 'g') AS m(found)
       JOIN pg_catalog.pg_class c ON c.oid = m.found[1]::oid AND c.relkind = 'r' AND c.relreplident::text = m.found[3]
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE p.pubname ~ $1 AND p.pubname = COALESCE($2, p.pubname)`,
    [STREAM_NAME.source, publication ?? null],
  )
}

/**
 * Puts back what the run has changed. To be called when the run does not publish the tables any more: else their UPDATE would fail. So it
 * would where another run follows the same table, which puts it back then in the end. Who publishes it is asked under the lock that
 * keeps others from publishing it.
 */
export async function restoreIdentities(source: Session, publication: string): Promise<void> {
  for (const { oid, schema, name, from, to } of await readChangedIdentities(source, publication)) {
    const table = quoteQualified(schema, name)
    await underLockTimeout(source, `LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`, async () => {
      const [other] = await source.rows<{ name: string; comment: string | null }>(
        `SELECT p.pubname AS name, d.description AS comment
           FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
           LEFT JOIN pg_catalog.pg_description d ON d.classoid = p.tableoid AND d.objoid = p.oid
          WHERE r.prrelid = $1 AND p.pubname ~ $2 AND p.pubname <> $3 ORDER BY 1 LIMIT 1`,
        [oid, STREAM_NAME.source, publication],
      )
      if (other === undefined) return alter(table, clauseOf({ to: from, index: null }))
      return commentOn(other.name, `${other.comment ?? HEADING}${changeText({ oid, from, to })}`)
    })
  }
}

const alter = (table: string, identity: string) => `ALTER TABLE ONLY ${table} REPLICA IDENTITY ${identity}`

/**
 * @param rest what else is done under the lock
 * @throws SampanError FOLLOW_TABLES_LOCKED
 */
export async function underLockTimeout(source: Session, sql: string, rest?: () => Promise<string>): Promise<void> {
  try {
    await source.execute(`BEGIN; SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'; ${sql}`)
    if (rest !== undefined) await source.execute(await rest())
    await source.execute('COMMIT')
  } catch (thrown) {
    await source.execute('ROLLBACK').catch(() => {})
    throw asLocked(thrown)
  }
}

/** A lock that was not to be had is told as that; anything else as it is. */
export function asLocked(thrown: unknown): unknown {
  if (!(thrown instanceof DatabaseError) || thrown.sqlState !== LOCK_NOT_AVAILABLE) return thrown
  return new SampanError({
    code: 'FOLLOW_TABLES_LOCKED',
    message: `a table is locked on the source, and its lock was not to be had within ${LOCK_TIMEOUT}`,
    remedy:
      'nothing to do while the retry window is open: end long ALTER TABLE, VACUUM or CREATE INDEX CONCURRENTLY there',
    retryable: true,
    kind: 'connection',
    cause: thrown,
  })
}
