import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { quoteIdentifier } from '../postgres/identifiers.ts'
import { STREAM_NAME } from '../postgres/stream-name.ts'
import { restoreIdentities, underLockTimeout } from './identities.ts'

/** Something that a run has opened on its source, and that is still there. */
export interface Leftover {
  readonly kind: 'slot' | 'publication'
  readonly name: string
  /** Bytes of WAL that a slot keeps; `null` of a publication, and where it is not known. */
  readonly retained: string | null
}

/** What Sampan has opened in this database to follow it, of whatever run. */
export async function readLeftovers(source: Session): Promise<readonly Leftover[]> {
  if (source.serverVersion < 100_000) return []
  return source.rows<Leftover>(
    `SELECT 'slot' AS kind, s.slot_name::text AS name,
            CASE WHEN NOT pg_catalog.pg_is_in_recovery()
                 THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::bigint::text END AS retained
       FROM pg_catalog.pg_replication_slots s
      WHERE s.database = pg_catalog.current_database() AND s.slot_name ~ $1
     UNION ALL
     SELECT 'publication', p.pubname::text, NULL FROM pg_catalog.pg_publication p WHERE p.pubname ~ $1
      ORDER BY 1 DESC, 2`,
    [STREAM_NAME.source],
  )
}

/** How long a walsender that was told to end may take. */
const LETTING_GO_MILLISECONDS = 10_000
const OBJECT_IN_USE = '55006'

/**
 * Drops slot and publication of a run, and puts back the replica identities that it has changed; what is not there is no error. The slot
 * first: whoever still reads by it would fail without its publication, and what it keeps is what endangers the source. Tables are
 * published no more before they have their old identity, by which their UPDATE might fail; and who is to have it stands in the
 * publication's comment, so that goes last.
 * @throws SampanError FOLLOW_TABLES_LOCKED
 */
export async function dropStream(source: Session, name: string): Promise<void> {
  await dropSlot(source, name)
  const publication = quoteIdentifier(name)
  const [published] = await source.rows<{ tables: string | null }>(
    `SELECT (SELECT pg_catalog.string_agg(pg_catalog.format('ONLY %I.%I', n.nspname, c.relname), ', ')
               FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE r.prpubid = p.oid AND EXISTS (SELECT FROM pg_catalog.pg_description d WHERE d.classoid = p.tableoid AND d.objoid = p.oid)) AS tables
       FROM pg_catalog.pg_publication p WHERE p.pubname = $1`,
    [name],
  )
  if (published === undefined) return
  if (published.tables !== null) {
    await underLockTimeout(source, `ALTER PUBLICATION ${publication} DROP TABLE ${published.tables}`)
  }
  await restoreIdentities(source, name)
  await source.execute(`DROP PUBLICATION IF EXISTS ${publication}`)
}

/** Drops the slot alone, and ends whoever reads by it; none is no error. */
export async function dropSlot(source: Session, name: string): Promise<void> {
  const until = performance.now() + LETTING_GO_MILLISECONDS
  while (!(await tryToDrop(source, name))) {
    if (performance.now() > until) await source.rows(`SELECT pg_catalog.pg_drop_replication_slot($1)`, [name])
    await sleep(50)
  }
}

/** Ends whoever reads by the slot, and waits until it moves no more; whoever does not let go in time is met again when it is read. */
export async function endReader(source: Session, slot: string): Promise<void> {
  const until = performance.now() + LETTING_GO_MILLISECONDS
  while ((await askToEnd(source, slot)) && performance.now() < until) await sleep(20)
}

/** @returns false where nobody reads by it; its process may take a moment */
async function askToEnd(source: Session, slot: string): Promise<boolean> {
  const readers = await source.rows(
    `SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots
      WHERE slot_name = $1 AND active_pid IS NOT NULL`,
    [slot],
  )
  return readers.length > 0
}

/** @returns false where somebody still reads by it */
async function tryToDrop(source: Session, name: string): Promise<boolean> {
  await askToEnd(source, name)
  try {
    await source.rows(
      `SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
      [name],
    )
    return true
  } catch (thrown) {
    if (thrown instanceof DatabaseError && thrown.sqlState === OBJECT_IN_USE) return false
    throw thrown
  }
}
