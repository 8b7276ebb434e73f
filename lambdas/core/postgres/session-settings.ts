import type { Side } from './errors.ts'
import { quoteLiteral } from './identifiers.ts'

/**
 * Settings pinned in every session, so that no database's or role's own setting changes what we read or write, or ends a
 * long statement. Settings that a server does not know yet are left out by version.
 */
const PINNED: readonly { name: string; value: string; since?: number }[] = [
  // One form of every value on both servers: the digests and text COPY depend on it.
  { name: 'DateStyle', value: 'ISO, YMD' },
  { name: 'IntervalStyle', value: 'postgres' },
  { name: 'TimeZone', value: 'UTC' },
  { name: 'extra_float_digits', value: '3' },
  { name: 'bytea_output', value: 'hex' },
  { name: 'xmlbinary', value: 'base64' },
  { name: 'xmloption', value: 'content' },
  // An element NULL of an array's text is no word.
  { name: 'array_nulls', value: 'on' },
  // User databases redefine operators and functions: only pg_catalog is looked in.
  { name: 'search_path', value: '' },
  { name: 'standard_conforming_strings', value: 'on' },
  { name: 'check_function_bodies', value: 'off' },
  // a = NULL of a task’s condition is what it says.
  { name: 'transform_null_equals', value: 'off' },
  // A scan of a GIN index by a filter would return some of its rows, by chance.
  { name: 'gin_fuzzy_search_limit', value: '0' },
  // What is tried and undone ends in an error, and must not end the session with it: that looks like a lost connection for ever.
  { name: 'exit_on_error', value: 'off' },
  // Names come as pg_dump quotes them, and tables are what they are on the source: pg_restore sets the same.
  { name: 'quote_all_identifiers', value: 'off' },
  { name: 'default_table_access_method', value: 'heap', since: 120000 },
  // A hidden row must be an error, never a missing row.
  { name: 'row_security', value: 'off', since: 90500 },
  // A long copy or index build is no mistake.
  { name: 'statement_timeout', value: '0' },
  { name: 'lock_timeout', value: '0' },
  { name: 'idle_in_transaction_session_timeout', value: '0', since: 90600 },
  { name: 'idle_session_timeout', value: '0', since: 140000 },
  { name: 'transaction_timeout', value: '0', since: 170000 },
  { name: 'default_transaction_isolation', value: 'read committed' },
  { name: 'default_transaction_deferrable', value: 'off' },
  // Synchronize scans start in the middle: harmless for sets, but a plan should read a table in its order.
  { name: 'synchronize_seqscans', value: 'off' },
  // Compiling the digests of a hundred tables takes longer than computing them, and of one table it saves nothing.
  { name: 'jit', value: 'off', since: 110000 },
  // A dead client's backend must end soon, its locks with it: the kernel probes it.
  { name: 'tcp_keepalives_idle', value: '10' },
  { name: 'tcp_keepalives_interval', value: '5' },
  { name: 'tcp_keepalives_count', value: '3' },
]

/**
 * A server may be set not to wait for its disk (ApsaraDB's asynchronous replication is that). What we call done must be on it: so our
 * sessions wait for the local disk there, and for no standby. Other values are the server's own judgement, and wait longer.
 */
export const WAIT_FOR_DISK = `SELECT pg_catalog.set_config('synchronous_commit', 'local', false)
  WHERE pg_catalog.current_setting('synchronous_commit') = 'off'`

/**
 * A database or a role that is only read by default is written to all the same. What its server's own configuration says is no default
 * but a lock: clouds set it where the disk is nearly full, and whoever writes in spite of it fills that up. Sources are only read, and
 * have temporary functions made.
 */
const WRITE = `SET default_transaction_read_only = 'off'`
const WRITE_UNLESS_LOCKED = `SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false)
  FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'on'
   AND source NOT IN ('configuration file', 'command line')`

/**
 * One simple Query that pins them all.
 * @param serverVersion `server_version_num`
 * @param overrides settings of this session alone; they win
 */
export function pinSettings(
  side: Side,
  serverVersion: number,
  overrides: Readonly<Record<string, string>> = {},
): string {
  const settings = new Map<string, string>()
  for (const { name, value, since } of PINNED) if (serverVersion >= (since ?? 0)) settings.set(name, value)
  for (const [name, value] of Object.entries(overrides)) settings.set(name, value)
  const statements = [...settings].map(([name, value]) => `SET ${name} = ${quoteLiteral(value)}`)
  if (!settings.has('default_transaction_read_only')) statements.push(side === 'source' ? WRITE : WRITE_UNLESS_LOCKED)
  if (!settings.has('synchronous_commit')) statements.push(WAIT_FOR_DISK)
  return statements.join('; ')
}
