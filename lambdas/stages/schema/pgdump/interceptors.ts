import { callsMoreThanImmutable, domainCheckApart } from '../../../core/postgres/checks-behind-rows.ts'

/** What the relay changes in pg_dump's conversation with the server. Each is counted, and the count is asserted. */
export interface InterceptorChoice {
  /**
   * Answer `LOCK TABLE … IN ACCESS SHARE MODE` here instead of sending it. pg_dump then needs no right on the tables, and
   * long dumps do not hold up the source's own DDL. Default true.
   */
  readonly skipLocks?: boolean
  /**
   * Answer BEGIN and SET TRANSACTION here too: more than max_locks_per_transaction relations can be dumped, at the price of
   * one consistent view of the catalogues. Default false.
   */
  readonly skipTransaction?: boolean
}

export interface Interceptor {
  readonly name: string
  match(sql: string): boolean
  /** The SQL to send instead. */
  rewrite?(sql: string): string
  /** The command tag to answer with, without asking the server. */
  readonly reply?: string
  readonly atLeast: number
  readonly atMost: number
}

const columnOptions = "array_to_string(a.attoptions, ', ')"

/**
 * PostgreSQL 15.20 and its contemporaries keep a hidden option `pg_attver=<n>` on every column. pg_dump 18.3 would print
 * it, and servers that do not know it refuse it, so it is taken out in the one query that reads column options.
 */
const stripColumnVersion: Interceptor = {
  name: 'stripColumnVersion',
  match: (sql) => sql.includes(columnOptions),
  rewrite: (sql) =>
    sql.replace(
      columnOptions,
      "array_to_string(ARRAY(SELECT o FROM pg_catalog.unnest(a.attoptions) AS o WHERE pg_catalog.left(o, 10) <> 'pg_attver='), ', ')",
    ),
  atLeast: 1,
  atMost: 1,
}

/**
 * A CHECK may say another thing of a row today than when the row was written: its function was changed, looks at the clock, or
 * reads rows that are not there yet. pg_dump writes it apart from its table, behind the rows, where it takes it for NOT VALID: so
 * it is told of every CHECK that calls more than the server's own immutable functions.
 */
const checksBehindRows: Interceptor = {
  name: 'checksBehindRows',
  match: (sql) => /conislocal, convalidated FROM unnest\('[^']*'::pg_catalog\.oid\[\]\) AS src\(tbloid\)/.test(sql),
  rewrite: (sql) =>
    sql.replace(
      'conislocal, convalidated FROM',
      `conislocal, convalidated AND NOT ${callsMoreThanImmutable('c')} AS convalidated FROM`,
    ),
  atLeast: 0,
  atMost: Number.POSITIVE_INFINITY,
}

/** Domains are asked for by a statement of their own. */
const domainChecksBehindRows: Interceptor = {
  name: 'domainChecksBehindRows',
  match: (sql) => /convalidated, contype FROM pg_catalog\.pg_constraint WHERE contypid = \$1/.test(sql),
  rewrite: (sql) =>
    sql.replace(
      /convalidated, contype FROM pg_catalog\.pg_constraint WHERE/,
      `convalidated AND NOT ${domainCheckApart('c')} AS convalidated, contype FROM pg_catalog.pg_constraint c WHERE`,
    ),
  atLeast: 0,
  atMost: 1,
}

const skipLocks: Interceptor = {
  name: 'skipLocks',
  match: (sql) => /^\s*LOCK\s+TABLE\s/.test(sql),
  reply: 'LOCK TABLE',
  atLeast: 0,
  atMost: Number.POSITIVE_INFINITY,
}

const skipTransaction: readonly Interceptor[] = [
  { name: 'skipBegin', match: (sql) => /^\s*BEGIN\b/.test(sql), reply: 'BEGIN', atLeast: 1, atMost: 1 },
  {
    name: 'skipSetTransaction',
    match: (sql) => /^\s*SET TRANSACTION\b/.test(sql),
    reply: 'SET',
    atLeast: 1,
    atMost: Number.POSITIVE_INFINITY,
  },
]

export function chooseInterceptors(choice: InterceptorChoice): readonly Interceptor[] {
  return [
    stripColumnVersion,
    checksBehindRows,
    domainChecksBehindRows,
    ...((choice.skipLocks ?? true) ? [skipLocks] : []),
    ...(choice.skipTransaction ? skipTransaction : []),
  ]
}

/** The interceptors whose hits are not what this pg_dump is known to give: a new version reads its catalogue otherwise. */
export function missedInterceptors(
  interceptors: readonly Interceptor[],
  hits: Readonly<Record<string, number>>,
): readonly string[] {
  return interceptors
    .filter(({ name, atLeast, atMost }) => (hits[name] ?? 0) < atLeast || (hits[name] ?? 0) > atMost)
    .map(({ name }) => `${name} (${hits[name] ?? 0})`)
}
