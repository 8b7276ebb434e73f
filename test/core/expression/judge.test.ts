import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ComputableColumn, readColumns } from '../../../lambdas/core/expression/column.ts'
import { judgeExpression } from '../../../lambdas/core/expression/judge.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { readSearchPath } from '../../../lambdas/core/postgres/source-path.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const DDL = `SET check_function_bodies = off;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN price AS numeric(6,2); CREATE DOMAIN dear AS price CHECK (VALUE > 1);
  CREATE TABLE t (i int, s smallint, l bigint, n numeric, m numeric(6,2), r real, f float8, x text, v varchar(5), c char(4), nm name,
    b bit(3), vb varbit(3), d date, ts timestamp, t0 timestamp(0), tz timestamptz(3), ti time(0), iv interval second(0),
    o mood, p dear, a int[], va varchar(5)[], na numeric(6,2)[], j jsonb, u uuid, ok boolean, ip inet);
  CREATE TABLE secret (x text);
  CREATE FUNCTION public.masked(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT md5($1)';
  CREATE FUNCTION public.lately(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT $1';`

describe.each([
  ['10', oldestServer],
  ['15', async () => sharedServer(15)],
  ['18', async () => sharedServer(18)],
] as const)('an expression on a PostgreSQL %s', (_, server) => {
  let session: Session
  let path: string
  let columns: readonly ComputableColumn[]
  beforeAll(async () => {
    const database = await createDatabase(await server(), DDL)
    await database.query(`ALTER DATABASE "${database.name}" SET search_path = public`)
    session = await openSession(database, 'source', true)
    path = await readSearchPath(session)
    const [table] = await session.rows<{ oid: number }>(`SELECT 'public.t'::regclass::oid AS oid`)
    columns = await readColumns(session, [table?.oid ?? 0])
  })
  afterAll(() => session.close())
  const judge = (column: string, expression: string) => {
    const found = columns.find(({ name }) => name === column)
    if (found === undefined) throw new Error(`no column ${column}`)
    return judgeExpression(session, { schema: 'public', name: 't' }, expression, found, path, 'pipelined')
  }

  test.each([
    ['x', 'md5(x) -- a mask'],
    ['x', `left(x, 2) || repeat('*', length(x) - 2)`],
    ['x', `concat(left(x, 1), '***', i)`],
    ['x', `regexp_replace(x, '.', '*', 'g')`],
    ['x', 'masked(x)'],
    ['x', `'***'`],
    ['x', 'NULL'],
    ['x', 'v'],
    ['x', 'c'],
    ['x', 'i::text || d'],
    ['x', `to_char(ts, 'YYYY-MM')`],
    ['x', `CASE WHEN x LIKE 'now%' THEN 'today' ELSE x END`],
    ['v', 'md5(x)'],
    ['c', 'upper(c)'],
    ['nm', 'nm'],
    ['i', 'i * 2'],
    ['l', 'i'],
    ['n', 'i + l'],
    ['m', '(n * 1.337)::numeric(6,2)'],
    ['m', 'i'],
    ['m', 'NULL'],
    ['m', 'm'],
    ['m', 'n::numeric(5,1)'],
    ['p', 'm'],
    ['p', '(p * 2)::numeric(6,2)'],
    ['r', 'f::real'],
    ['f', 'r'],
    ['b', `b'101'`],
    ['d', `date '2000-01-01'`],
    ['d', 'ts::date'],
    ['ts', 'd'],
    ['ts', `date_trunc('month', ts)`],
    ['t0', 'ts::timestamp(0)'],
    ['tz', `(tz + interval '1 day')::timestamptz(3)`],
    ['tz', `date_trunc('hour', tz)::timestamptz(3)`],
    ['iv', 'iv'],
    ['o', `'ok'`],
    ['o', `CASE WHEN ok THEN 'ok' ELSE 'sad' END`],
    ['a', 'array_append(a, 5)'],
    ['va', 'va'],
    ['na', 'na'],
    ['j', `'{}'`],
    ['j', `jsonb_build_object('i', i)`],
    ['j', `j - 'secret'`],
    ['u', 'md5(x)::uuid'],
    ['ok', 'i > 3 AND NOT ok'],
    ['ip', `set_masklen(ip, 24)`],
  ])('may stand in for %s: %s', async (column, expression) => {
    expect(await judge(column, expression)).toBeNull()
  })

  test.each([
    ['x', 'i', /^its type is integer, the column’s text: .*write \(…\)::text$/],
    ['v', 'i', /write \(…\)::character varying$/],
    ['i', 'l', /its type is bigint, the column’s integer/],
    ['i', 'n', /nothing is converted but by its own words; write \(…\)::integer/],
    ['s', 'i', /::smallint/],
    ['r', 'f', /::real/],
    ['r', 'i', /::real/],
    ['f', 'l', /::double precision/],
    ['m', 'n * 1.337', /type is numeric, the column’s numeric\(6,2\): the column would round it.*::numeric\(6,2\)/],
    ['m', 'round(n, 2)', /would round/],
    ['m', 'n::numeric(6,3)', /would round/],
    ['m', `'1.005'`, /::numeric\(6,2\)/],
    ['p', 'p * 2', /would round/],
    ['t0', 'ts', /would round it without a word; write \(…\)::timestamp\(0\) without time zone/],
    ['ts', 'tz', /timestamp without time zone/],
    ['d', 'ts', /::date/],
    ['ti', `ts::time`, /would round/],
    ['iv', `iv * 2`, /would round/],
    ['nm', 'x', /the column’s name/],
    ['va', `array_append(va, 'x')`, /character varying\(5\)\[\]/],
    ['na', `array_append(na, 0.001)`, /numeric\(6,2\)\[\]/],
    ['o', 'nothing', /column "nothing" does not exist/],
    ['a', 'x::int[]', /array_in.*\(stable\)/],
    ['a', 'i', /integer\[\]/],
    ['ok', 'x', null],
    ['d', 'x', /date_in.*\(stable\)/],
    ['d', `'today'`, /'today', which is another moment/],
    ['tz', `'now'`, /::timestamp\(3\) with time zone/],
    ['tz', `'now'::timestamptz(3)`, /'now', which is another moment/],
    ['tz', 'now()::timestamptz(3)', /now\(\) \(stable\)/],
    ['tz', 'clock_timestamp()::timestamptz(3)', /clock_timestamp\(\) \(volatile\)/],
    ['d', 'current_date', /current_date, current_timestamp/],
    ['iv', `age(ts)::interval second(0)`, /age\(.*\(stable\)/],
    ['x', 'current_user', /current_user/],
    ['x', `current_setting('application_name')`, /current_setting/],
    ['x', 'random()::text', /random\(\) \(volatile\)/],
    ['x', 'gen_random_uuid()::text', /volatile|does not exist/],
    ['i', 'lately(i)', /lately\(integer\) \(stable\)/],
    ['x', '(SELECT x FROM secret LIMIT 1)', /a subquery/],
    ['x', 'max(x)', /an aggregate function|aggregate/],
    ['l', 'row_number() OVER ()', /a window function/],
    ['i', 'generate_series(1, 3)', /a function that returns a set|set-returning/],
    ['x', `regexp_split_to_table(x, ',')`, /a function that returns a set|set-returning/],
    ['x', 'ctid::text', /a system column/],
    ['x', '$1', /a parameter|syntax error|determine/],
    ['x', 'x), (x', /syntax error/],
    ['x', 'x END, CASE WHEN true THEN x', /syntax error/],
    ['x', 'x AS y', /syntax error/],
    ['x', 'x FROM secret --', /syntax error/],
    ['x', 'x); DROP TABLE secret; SELECT (x', /multiple commands/],
    ['x', `'a`, /unterminated/],
    ['x', '', /syntax error|its type is record/],
    ['x', 'x, x', /its type is record|syntax error/],
  ] as const)('may not stand in for %s: %s', async (column, expression, why) => {
    const told = await judge(column, expression)
    if (why === null) expect(told).toBeNull()
    else expect(told).toMatch(why)
  })
})
