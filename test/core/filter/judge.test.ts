import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judgeFilter } from '../../../lambdas/core/filter/judge.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { readSearchPath } from '../../../lambdas/core/postgres/source-path.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const DDL = `SET check_function_bodies = off;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE >= 0);
  CREATE TABLE "Orders; --" (id int, d date, t timestamp, tz timestamptz, s text, j jsonb, m mood, a int[], n amount, b boolean, "it's" text);
  CREATE TABLE ":opno" (":funcid {SUBLINK" int, "today" date);
  CREATE TABLE secret (id int);
  CREATE SCHEMA helpers; CREATE FUNCTION helpers.twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
  CREATE FUNCTION public.wanted(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT twice($1) > 10';
  CREATE FUNCTION public.lately(date) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT $1 > current_date';
  CREATE OPERATOR public.=== (leftarg = int, rightarg = int, procedure = int4eq);
  CREATE FUNCTION public.loose(int, int) RETURNS boolean VOLATILE LANGUAGE sql AS 'SELECT $1 = $2';
  CREATE OPERATOR public.~~~~ (leftarg = int, rightarg = int, procedure = public.loose);`

describe.each([
  ['10', oldestServer],
  ['15', async () => sharedServer(15)],
  ['18', async () => sharedServer(18)],
] as const)('a condition on a PostgreSQL %s', (_, server) => {
  let session: Session
  let path: string
  beforeAll(async () => {
    const database = await createDatabase(await server(), DDL)
    await database.query(`ALTER DATABASE "${database.name}" SET search_path = public, helpers`)
    session = await openSession(database, 'source', true)
    path = await readSearchPath(session)
  })
  afterAll(() => session.close())
  const judge = (where: string, name = 'Orders; --') =>
    judgeFilter(session, { schema: 'public', name }, where, path, 'pipelined')

  test.each([
    'id > 5',
    `d >= date '2026-01-01' AND d < date '2027-01-01' + 5`,
    `d BETWEEN '2026-01-01' AND '2026-12-31' OR d IS NULL`,
    `tz >= timestamptz '2026-01-01 00:00+00'`,
    `s IN ('a', 'b)', 'c;') AND s LIKE 'x%' AND lower(s) <> 'y' -- no more`,
    `s ~ '^[a-z]+$' AND s COLLATE "C" > 'm' AND length(s) % 2 = 0`,
    `j @> '{"a": 1}' AND j ->> 'b' = 'x' AND (j ->> 'n')::int > 3`,
    `m = 'ok' AND a[1] = 3 AND 5 = ANY (a) AND n > 1.5 AND n::text <> ''`,
    `CASE WHEN b THEN id > 1 ELSE coalesce(id, 0) = 0 END AND nullif(id, 3) IS NOT NULL`,
    `(id, s) < (5, 'x') AND id IS DISTINCT FROM 7 AND greatest(id, 3) > 2 AND b IS NOT TRUE`,
    `ROW(id, s) IS NOT NULL AND id::text = '7' AND '7'::int = id AND NOT b`,
    `wanted(id) AND public.wanted(id) AND id OPERATOR(public.===) 3`,
    `date_trunc('month', t) = timestamp '2026-01-01' AND extract(year FROM d) = 2026 AND age(t, t) = interval '0'`,
    `s = 'paid today' OR "it's" = 'now' OR s = $$tomorrow$$ /* a comment ) */`,
    `b`,
    `true`,
    `"Orders; --".id = 1`,
  ])('may be a filter: %s', async (where) => {
    expect(await judge(where)).toBeNull()
  })

  test.each([
    ['id > ', /syntax error/],
    ['id = 1 / 0', /division by zero/],
    ['id', /must be type boolean, not type integer/],
    ['id, b', /must be type boolean/],
    ['nothing = 1', /column "nothing" does not exist/],
    ['secret.id = 1', /missing FROM-clause/],
    [`d = '2026-13-45'`, /out of range/],
    ['EXISTS (SELECT FROM secret)', /a subquery/],
    ['id IN (SELECT id FROM secret)', /a subquery/],
    ['(SELECT true)', /syntax error|subquery/],
    ['count(*) > 1', /aggregate functions are not allowed/],
    ['row_number() OVER () = 1', /window functions are not allowed/],
    ['generate_series(1, 2) = 1', /set-returning functions are not allowed|set-valued/],
    ['id = $1', /a parameter/],
    ['ctid < $$(1,0)$$::tid', /a system column/],
    ['tz > now()', /now\(\) \(stable\)/],
    ['t > localtimestamp', /current_date, current_timestamp/],
    ['d > current_date', /current_date, current_timestamp/],
    ['s = current_user', /current_date, current_timestamp, current_user/],
    ['tz > t', /\(stable\)/],
    ['tz::date > d', /date\(timestamp with time zone\) \(stable\)/],
    [`s::timestamptz > tz`, /timestamptz_in.*\(stable\)/],
    [`tz::text = '2026'`, /timestamptz_out.*\(stable\)/],
    [`to_char(t, 'YYYY') = '2026'`, /to_char\(.*\) \(stable\)/],
    ['random() < 0.5', /random\(\) \(volatile\)/],
    ['lately(d)', /lately\(date\) \(stable\)/],
    ['id OPERATOR(public.~~~~) 3', /loose\(integer, integer\) \(volatile\)/],
    ['pg_sleep(1) IS NULL', /pg_sleep/],
    [`d > 'today'`, /'today', which is another moment/],
    [`tz > timestamptz ' Yesterday 10:00'`, /Yesterday/],
    [`d = ANY ('{now,2026-01-01}'::date[])`, /another moment/],
    ['true) OR (true', /syntax error/],
    ['true]) [1] OR (ARRAY[true', /syntax error/],
    ['true); DROP TABLE secret; SELECT (true', /multiple commands/],
    ['true])[1]; DROP TABLE secret; SELECT (ARRAY[true', /syntax error/],
    ['true) UNION SELECT (1', /SETOPERATIONSTMT/],
    ['true) FOR UPDATE --', /syntax error/],
    [`true OR s = 'x`, /unterminated/],
    [`s = 'x') OR (s = 'y`, /unterminated/],
    [`$$x$$ = s) OR ($$y$$ = s`, /syntax error/],
    [`true /* `, /unterminated/],
    [`s = 'x`, /unterminated/],
    [`"id = 1`, /unterminated/],
  ] as const)('may be none: %s', async (where, why) => {
    expect(await judge(where)).toMatch(why)
  })

  test('names that look like what the server prints are names', async () => {
    expect(await judge('":funcid {SUBLINK" = 1 AND ":opno" IS NOT NULL', ':opno')).toBeNull()
    expect(await judge(`"today" > 'today'`, ':opno')).toMatch(/another moment/)
  })

  test('nothing was run and nothing is left', async () => {
    expect(await session.rows(`SELECT pg_catalog.to_regclass('public.secret') IS NOT NULL AS there`)).toEqual([
      { there: true },
    ])
    expect(
      await session.rows(`SELECT pg_catalog.count(*)::int AS left FROM pg_catalog.pg_prepared_statements`),
    ).toEqual([{ left: 0 }])
    expect(await session.rows(`SHOW debug_print_parse`)).toEqual([{ debug_print_parse: 'off' }])
  })
})
