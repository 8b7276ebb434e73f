import type { Session } from '../postgres/connect.ts'
import { SampanError } from '../runtime/errors.ts'
import { TRUNCATE_STREAMED } from './judge.ts'

interface ServerFacts {
  readonly level: string
  readonly slots: number
  /** Those of the run that are there, and those of them that are read. */
  readonly own: number
  readonly ownRead: number
  readonly mostSlots: number
  readonly senders: number
  readonly mostSenders: number
  readonly encoding: string
  readonly recovering: boolean
  readonly objects: boolean
  readonly mayPublish: boolean
}

const FACTS = `
  SELECT pg_catalog.current_setting('wal_level') AS level,
         (SELECT count(*) FROM pg_catalog.pg_replication_slots)::integer AS slots,
         (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = ANY ($1))::integer AS own,
         (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_name = ANY ($1) AND active)::integer AS "ownRead",
         pg_catalog.current_setting('max_replication_slots')::integer AS "mostSlots",
         (SELECT count(*) FROM pg_catalog.pg_stat_replication)::integer AS senders,
         pg_catalog.current_setting('max_wal_senders')::integer AS "mostSenders",
         pg_catalog.current_setting('server_encoding') AS encoding,
         pg_catalog.pg_is_in_recovery() AS recovering,
         EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS objects,
         pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS "mayPublish"`

/**
 * Why the source as a whole cannot be followed: what is wrong, and what would help.
 * @param names of the run's slots, one of each database; they may be there already
 */
export async function serverObstacles(source: Session, names: readonly string[]): Promise<readonly string[]> {
  const [facts] = await source.rows<ServerFacts>(FACTS, [names])
  if (facts === undefined) return []
  const slots = names.length - facts.own
  const senders = names.length - facts.ownRead
  const found: (string | false)[] = [
    source.serverVersion < TRUNCATE_STREAMED &&
      'the source is older than PostgreSQL 11, whose stream does not tell of TRUNCATE: stop its writers and use mode migrate',
    facts.recovering && 'the source is a standby: name the primary',
    facts.level !== 'logical' &&
      `wal_level is ${facts.level}: set it to logical, on RDS rds.logical_replication to 1 in its parameter group, and restart the source`,
    facts.slots + slots > facts.mostSlots &&
      `the run needs ${slots} more replication slots, one for each database, and ${facts.slots} of ${facts.mostSlots} are taken: drop those that nobody uses, or raise max_replication_slots, which needs a restart`,
    facts.senders + senders > facts.mostSenders &&
      `the run needs ${senders} more walsenders, one for each database, and ${facts.senders} of ${facts.mostSenders} are taken: raise max_wal_senders, which needs a restart`,
    facts.encoding === 'SQL_ASCII' &&
      'the encoding of the source is SQL_ASCII: its stream has no characters that can be relied on',
    facts.objects && 'the source has large objects, which are not in the stream: stop its writers and use mode migrate',
    !facts.mayPublish && 'the source account may not create in the database: GRANT CREATE ON DATABASE to it',
  ]
  return found.filter((one) => one !== false)
}

/** @throws SampanError FOLLOW_REFUSED */
export async function requireServer(source: Session, names: readonly string[]): Promise<void> {
  const [first, ...rest] = await serverObstacles(source, names)
  if (first === undefined) return
  throw new SampanError({
    code: 'FOLLOW_REFUSED',
    message: `the source cannot be followed: ${[first, ...rest].join('; ')}`,
    remedy: 'mend what is said, and start the task again; or stop the writers and use mode migrate',
  })
}
