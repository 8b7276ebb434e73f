/** Where to look and how to mend, for the codes that somebody meets at night. */
export interface Help {
  readonly codes: readonly string[]
  /** On which server; @default that of the code */
  readonly on?: 'source' | 'destination' | 'both'
  /** One statement each; `{name}` is to be filled in. Run by the tests on PostgreSQL 10, 15 and 18. */
  readonly look?: readonly string[]
  readonly mend?: readonly string[]
  /** Commands of a shell, where no SQL helps. */
  readonly commands?: readonly string[]
}

const bothSides = (...names: readonly string[]) => names.flatMap((name) => [`SRC_${name}`, `DST_${name}`])

const END_SESSION = 'SELECT pg_terminate_backend({pid})'
const IDLE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE usename = '{user}' AND state = 'idle' AND state_change < now() - interval '1 hour'`
const WHO_WAITS = `SELECT waiting.pid, waiting.query AS waits, holder.pid AS held_by, holder.usename, holder.state,
       now() - holder.xact_start AS since, holder.query AS its_last
  FROM pg_stat_activity AS waiting
 CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking (pid)
  JOIN pg_stat_activity AS holder ON holder.pid = blocking.pid`
const WHO_ELSE = `SELECT pid, usename, application_name, client_addr, state, query FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name NOT LIKE 'sampan%'`
const OWN_SESSIONS = `SELECT pid, application_name, state, wait_event_type, wait_event, now() - state_change AS since
  FROM pg_stat_activity WHERE application_name LIKE 'sampan%' ORDER BY application_name`
const SINCE_WHEN = `SELECT pg_postmaster_start_time() AS started, pg_is_in_recovery() AS standby,
       current_setting('default_transaction_read_only') AS read_only`
const VERSION = `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number`
const SIZES = `SELECT datname, pg_size_pretty(pg_database_size(oid)) AS size
  FROM pg_database WHERE datallowconn ORDER BY pg_database_size(oid) DESC`
const SLOTS = `SELECT slot_name, slot_type, active, pg_size_pretty(pg_wal_lsn_diff(
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)) AS kept
  FROM pg_replication_slots ORDER BY restart_lsn`
const DROP_SLOT = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
 WHERE slot_name = '{slot}' AND NOT active`
const DATABASES = `SELECT datname, pg_get_userbyid(datdba) AS owner, datallowconn, datistemplate, datconnlimit,
       pg_encoding_to_char(encoding) AS encoding, datcollate, datctype FROM pg_database ORDER BY datname`
const ROLE = `SELECT rolname, rolcanlogin, rolvaliduntil, rolconnlimit, rolsuper, rolcreatedb, rolbypassrls
  FROM pg_roles WHERE rolname = '{user}'`
const UNREADABLE = `SELECT n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm', 'S') AND n.nspname !~ '^pg_|^information_schema$'
   AND NOT (has_schema_privilege('{user}', n.oid, 'USAGE') AND has_table_privilege('{user}', c.oid, 'SELECT'))`
const TIMEOUTS = `SELECT name, setting, unit, source FROM pg_settings
 WHERE name ~ '^(statement|lock|idle_in_transaction_session|idle_session|transaction)_timeout$'`
const EXTENSIONS = `SELECT name, installed_version, default_version FROM pg_available_extensions ORDER BY name`
const ROLES = 'SELECT rolname, rolcanlogin FROM pg_roles ORDER BY rolname'

export const helps: readonly Help[] = [
  {
    codes: bothSides('TOO_MANY_CONNECTIONS', 'CONNECTIONS_SHORT'),
    look: [
      `SELECT usename, application_name, state, count(*), max(now() - state_change) AS longest
  FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3 ORDER BY 4 DESC`,
    ],
    mend: [IDLE, 'ALTER ROLE {user} CONNECTION LIMIT -1'],
  },
  { codes: bothSides('CONNECTION_LOST'), look: [SINCE_WHEN] },
  {
    codes: ['DST_LOCK_HELD', 'LOCK_WAITED_FOR', 'CHUNK_TOO_SLOW', ...bothSides('SQL_55P03', 'SQL_40P01')],
    on: 'destination',
    look: [WHO_WAITS],
    mend: [END_SESSION],
  },
  {
    codes: ['SRC_TABLES_LOCKED'],
    look: [
      `SELECT l.pid, a.usename, l.mode, l.relation::regclass AS "table", now() - a.xact_start AS since, a.query
  FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation IS NOT NULL AND l.pid <> pg_backend_pid()`,
    ],
    mend: [END_SESSION],
  },
  {
    codes: ['SRC_LONG_TRANSACTIONS'],
    look: [
      `SELECT pid, usename, state, now() - xact_start AS age, backend_xmin, query
  FROM pg_stat_activity WHERE xact_start < now() - interval '1 hour' ORDER BY xact_start`,
    ],
    mend: [END_SESSION],
  },
  {
    codes: ['SRC_PREPARED_TRANSACTIONS'],
    look: [
      `SELECT gid, prepared, owner, database, format('ROLLBACK PREPARED %L', gid) AS ends_it
  FROM pg_prepared_xacts ORDER BY prepared`,
    ],
  },
  { codes: ['DST_STORAGE_SHORT', ...bothSides('SQL_53100')], look: [SIZES, SLOTS], mend: [DROP_SLOT] },
  {
    codes: ['SRC_RIGHTS_MISSING', 'SRC_SQL_42501', 'SRC_DUMP_FAILED'],
    look: [UNREADABLE],
    mend: [
      'GRANT USAGE ON SCHEMA {schema} TO {user}',
      'GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}',
      'GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {user}',
    ],
  },
  {
    codes: ['DST_RIGHTS_MISSING', 'DST_SQL_42501'],
    look: [
      `SELECT has_database_privilege('{user}', current_database(), 'CREATE') AS may_create,
       pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()`,
    ],
    mend: ['GRANT CREATE ON DATABASE {database} TO {user}', 'GRANT USAGE, CREATE ON SCHEMA {schema} TO {user}'],
  },
  {
    codes: bothSides('LOGIN_REFUSED', 'SQL_28P01', 'SQL_28000'),
    look: [ROLE],
    mend: [`ALTER ROLE {user} LOGIN VALID UNTIL 'infinity'`],
  },
  {
    codes: ['DST_DATABASE_MISSING', 'DST_CREATE_DATABASE_DENIED', ...bothSides('SQL_3D000')],
    look: [DATABASES, ROLE],
    mend: ['ALTER ROLE {user} CREATEDB', 'CREATE DATABASE {new database}'],
  },
  {
    codes: [...bothSides('IN_RECOVERY', 'SQL_25006'), 'DST_READ_ONLY'],
    look: [SINCE_WHEN],
    mend: ['ALTER DATABASE {database} RESET default_transaction_read_only'],
  },
  {
    codes: [
      ...bothSides('VERSION_UNSUPPORTED'),
      ...['SRC_VERSION_TOO_NEW', 'DST_VERSION_OLDER', 'DST_VERSION_DIFFERS', 'LEDGER_SERVER_TOO_OLD'],
    ],
    on: 'both',
    look: [VERSION],
  },
  {
    codes: ['EXTENSION_MISSING', 'EXTENSION_NOT_CREATABLE', 'EXTENSION_AWS_ONLY'],
    on: 'destination',
    look: [EXTENSIONS],
    mend: ['CREATE EXTENSION IF NOT EXISTS {extension}'],
  },
  { codes: ['EXTENSION_OLDER'], on: 'destination', look: [EXTENSIONS], mend: ['ALTER EXTENSION {extension} UPDATE'] },
  {
    codes: ['SEQUENCES_DIFFER', 'SEQUENCE_WENT_BACK'],
    on: 'destination',
    look: ['SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2'],
    mend: [`SELECT setval('{schema}.{sequence}', {value})`],
  },
  {
    codes: ['DST_OBJECTS_EXIST'],
    look: [
      `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, pg_size_pretty(pg_total_relation_size(c.oid)) AS size
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname !~ '^pg_|^information_schema$|^sampan$' ORDER BY 1, 2`,
    ],
    mend: ['ALTER SCHEMA {schema} RENAME TO {schema}_before'],
  },
  {
    codes: ['TABLES_WITHOUT_KEY'],
    on: 'source',
    look: [
      `SELECT c.oid::regclass AS "table" FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_|^information_schema$'
   AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND (i.indisprimary OR i.indisunique))`,
    ],
  },
  {
    codes: ['INDEXES_INVALID'],
    on: 'source',
    look: ['SELECT indexrelid::regclass AS index, indrelid::regclass AS "table" FROM pg_index WHERE NOT indisvalid'],
    mend: ['REINDEX INDEX {schema}.{index}'],
  },
  {
    codes: ['SRC_LOCKS_SHORT', 'SRC_DUMP_LOCKS'],
    look: [
      `SELECT name, setting, pending_restart FROM pg_settings
 WHERE name IN ('max_locks_per_transaction', 'max_connections', 'max_prepared_transactions')`,
      `SELECT count(*) AS relations FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'v', 'm', 'f')`,
    ],
  },
  {
    codes: bothSides('TIMEOUTS', 'SQL_57014'),
    look: [TIMEOUTS],
    mend: [
      'ALTER ROLE {user} SET statement_timeout = 0',
      'ALTER ROLE {user} SET idle_in_transaction_session_timeout = 0',
    ],
  },
  {
    codes: ['VALIDATION_DIFFERS', 'ROWS_DIFFER', 'DST_CHANGED', 'DST_OBJECTS_GONE', 'COPY_ROWS_DIFFER'],
    on: 'destination',
    look: [WHO_ELSE],
    mend: [END_SESSION],
  },
  {
    codes: ['COLLATION_DIFFERS', 'ENCODING_DIFFERS', 'ENCODING_SQL_ASCII', 'DST_LOCALE_ABSENT'],
    on: 'both',
    look: [DATABASES],
  },
  {
    codes: ['DST_ROWS_REFUSED', 'DST_SQL_23514'],
    on: 'source',
    look: [
      `SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE contype = 'c' AND conrelid = '{schema}.{table}'::regclass`,
      `SELECT tgname, tgenabled, tgfoid::regproc FROM pg_trigger
 WHERE tgrelid = '{schema}.{table}'::regclass AND NOT tgisinternal`,
    ],
    mend: [
      `ALTER TABLE {schema}.{table} DROP CONSTRAINT {constraint},
  ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID`,
    ],
  },
  { codes: ['ROLES_MISSING'], on: 'destination', look: [ROLES], mend: ['CREATE ROLE {new role}'] },
  { codes: ['OWNERS_NOT_KEPT'], on: 'destination', look: [ROLES], mend: ['GRANT {role} TO {user}'] },
  {
    codes: ['SRC_ROW_SECURITY', 'DST_ROW_SECURITY'],
    look: ['SELECT oid::regclass AS "table", relforcerowsecurity FROM pg_class WHERE relrowsecurity', ROLE],
    mend: ['ALTER ROLE {user} BYPASSRLS'],
  },
  {
    codes: bothSides('LOGIN_MD5', 'LOGIN_MD5_OLD'),
    look: [`SELECT name, setting FROM pg_settings WHERE name = 'password_encryption'`],
    mend: [`SET password_encryption = 'scram-sha-256'`],
    commands: ['\\password {user}'],
  },
  {
    codes: ['RUN_TAKEN_OVER', 'RUN_JOINED', 'RUN_HAS_BEGUN', 'STEP_TIMED_OUT'],
    on: 'destination',
    look: [OWN_SESSIONS],
  },
  { codes: ['SNAPSHOT_NOT_KEPT', 'SNAPSHOT_RENEWED'], on: 'source', look: [SINCE_WHEN, OWN_SESSIONS] },
  {
    codes: ['RIGHTS_WIDER', 'RIGHTS_NARROWER'],
    on: 'both',
    look: [
      `SELECT grantee, privilege_type FROM information_schema.role_table_grants
 WHERE table_schema = '{schema}' AND table_name = '{table}' ORDER BY 1, 2`,
    ],
    mend: ['REVOKE ALL ON TABLE {schema}.{table} FROM {role}', 'GRANT SELECT ON TABLE {schema}.{table} TO {role}'],
  },
  { codes: ['PUBLICATIONS'], on: 'source', look: ['SELECT pubname, puballtables FROM pg_publication', SLOTS] },
  { codes: ['EVENT_TRIGGERS'], on: 'source', look: ['SELECT evtname, evtevent, evtenabled FROM pg_event_trigger'] },
  {
    codes: ['DST_EVENT_TRIGGERS'],
    look: ['SELECT evtname, evtevent, evtenabled FROM pg_event_trigger'],
    mend: ['ALTER EVENT TRIGGER {event trigger} DISABLE'],
  },
  { codes: ['LARGE_OBJECTS'], on: 'source', look: ['SELECT count(*) FROM pg_largeobject_metadata'] },
  { codes: bothSides('CONNECT_DNS'), commands: ['nslookup {host}'] },
  {
    codes: bothSides('CONNECT', 'CONNECT_TCP', 'LOGIN_TIMED_OUT', 'TLS_TIMED_OUT'),
    commands: ['pg_isready -h {host} -p {port}'],
  },
  {
    codes: bothSides('TLS_UNKNOWN_CA', 'TLS_WRONG_HOST', 'TLS_EXPIRED', 'TLS_NOT_YET_VALID', 'TLS_HANDSHAKE'),
    commands: ['openssl s_client -starttls postgres -connect {host}:{port} -servername {host} -showcerts </dev/null'],
  },
  {
    codes: ['AWS_CREDENTIALS_MISSING', 'AWS_CREDENTIALS_REFUSED', 'AWS_PERMISSION_MISSING'],
    commands: ['aws sts get-caller-identity', 'aws sso login'],
  },
  { codes: ['ACCESS_LEFT_OPEN', 'SWEEP_INCOMPLETE'], commands: ['sampan sweep TASK'] },
  { codes: ['DISK_FULL', 'DISK_FAILED', 'OUT_NOT_WRITABLE'], commands: ['df -h {directory}', 'ls -ld {directory}'] },
]
