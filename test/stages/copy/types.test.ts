import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

/** Every built-in type that may travel in binary form, with values at its edges. */
const BINARY: Record<string, readonly string[]> = {
  bool: ['true', 'false'],
  int2: ['-32768', '32767'],
  int4: ['-2147483648', '2147483647'],
  int8: ['-9223372036854775808', '9223372036854775807'],
  float4: ['NaN', '-Infinity', '-0', '1.1754944e-38'],
  float8: ['NaN', 'Infinity', '-0', '5e-324'],
  numeric: [
    'NaN',
    '1.0',
    '1.00',
    '-0.000000000000000000000000001',
    '99999999999999999999999999999999999999',
    'Infinity',
  ],
  text: ['', '\\N', '\\.', 'tab\there', 'ünïcödé 🚢'],
  'varchar(7)': ['abc'],
  'char(5)': ['ab'],
  '"char"': ['x'],
  name: ['a_name'],
  bytea: ['\\x', '\\x00ff0a0d5c'],
  oid: ['0', '4294967295'],
  date: ['infinity', '-infinity', '0044-03-15 BC', '5874897-12-31'],
  time: ['24:00:00', '00:00:00.000001'],
  timetz: ['23:59:59.999999+15:59'],
  timestamp: ['infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999'],
  timestamptz: ['-infinity', '2026-11-23 00:00:00+05:45'],
  interval: ['-178000000 years', '1 mon -1 day 00:00:00.000001'],
  uuid: ['00000000-0000-0000-0000-000000000001'],
  json: ['{"b": 1,  "a":  [1.0, null]}'],
  jsonb: ['{"a": 1.00, "a": 12345678901234567890}'],
  inet: ['::1/64', '10.0.0.1'],
  cidr: ['10.0.0.0/8'],
  macaddr: ['08:00:2b:01:02:03'],
  macaddr8: ['08:00:2b:01:02:03:04:05'],
  'bit(9)': ['101010101'],
  varbit: ['', '1', '101010101'],
  point: ['(-0,1e300)'],
  line: ['{1,2,3}'],
  lseg: ['[(0,0),(1,1)]'],
  box: ['(1,1),(0,0)'],
  path: ['((0,0),(1,1))', '[(0,0),(1,1)]'],
  polygon: ['((0,0),(1,1),(1,0))'],
  circle: ['<(0,0),1>'],
  money: ['-92233720368547758.08'],
  tsvector: ["'a':1A,2 'b'"],
  tsquery: ["'a' & !'b':*"],
  int4range: ['empty', '[1,10)', '(,5)'],
  numrange: ['[1.0,2.00]'],
  tstzrange: ['[-infinity,2020-01-01)'],
  int4multirange: ['{[1,2),[5,9)}'],
  'int4[]': ['{1,NULL,3}', '[2:3][-1:0]={{1,2},{3,4}}', '{}'],
  'text[]': ['{"a,b",NULL,"NULL",""}'],
}

/** Types that carry an OID of the source, or belong to an extension: they travel as text. */
const TEXT: Record<string, readonly string[]> = {
  regclass: ['pg_class', '-'],
  regtype: ['text'],
  pair: ['(1,"a,b")', '(,)'],
  'pair[]': ['{"(1,x)","(,)"}'],
  'mood[]': ['{sad,ok,NULL}'],
  citext: ['MiXeD'],
  tid: ['(1,2)'],
  pg_lsn: ['16/B374D848'],
}

/** Not built in, but encoded alike on both servers: by what they stand on, or by the same version of their extension. */
const BINARY_BY_GROUND: Record<string, readonly string[]> = {
  mood: ['sad', 'ok'],
  positive: ['7'],
  label: ['x'],
  flags: ['1010'],
  // Of the same version on both servers.
  hstore: ['"a"=>NULL, "b"=>"x"', ''],
}

const TYPES = `CREATE EXTENSION hstore SCHEMA pg_catalog; CREATE EXTENSION citext SCHEMA pg_catalog;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN label AS varchar(9); CREATE DOMAIN flags AS bit(4);`

function tables(types: Record<string, readonly string[]>, prefix: string) {
  return Object.keys(types).map((type, index) => `CREATE TABLE ${prefix}${index} (v ${type}, w ${type});`)
}

function rows(types: Record<string, readonly string[]>, prefix: string) {
  return Object.entries(types).flatMap(([type, values], index) => [
    ...values.map((value) => `INSERT INTO ${prefix}${index} VALUES ('${value.replaceAll("'", "''")}'::${type}, NULL);`),
    `INSERT INTO ${prefix}${index} VALUES (NULL, '${(values[0] ?? '').replaceAll("'", "''")}');`,
  ])
}

test('every type arrives byte for byte, in binary form where that is safe and as text where it is not', async () => {
  const kinds = { b: BINARY, t: TEXT, g: BINARY_BY_GROUND }
  const ddl =
    TYPES +
    Object.entries(kinds)
      .flatMap(([prefix, types]) => tables(types, prefix))
      .join('\n')
  const data = Object.entries(kinds)
    .flatMap(([prefix, types]) => rows(types, prefix))
    .join('\n')
  const source = await createDatabase(sharedServer(15), `SET extra_float_digits = 3; ${ddl} ${data}`)
  const destination = await createDatabase(sharedServer(18), ddl)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const forms = await destination.query(`SELECT name, format FROM sampan.relation ORDER BY name`)
  for (const { name, format } of forms) {
    expect(`${name} ${format}`).toBe(`${name} ${name?.startsWith('t') ? 'text' : 'binary'}`)
  }
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  for (const { name } of forms) {
    const query = `SELECT array_agg(v::text || '|' || COALESCE(w::text, '-') ORDER BY v::text COLLATE "C", w::text COLLATE "C") AS all FROM ${name}`
    expect(await destination.query(query), name ?? '').toEqual(await source.query(query))
    const [digests] = await destination.query(
      `SELECT digest_sql, (SELECT digest FROM sampan.chunk c WHERE c.relation = r.oid) AS digest FROM sampan.relation r WHERE name = '${name}'`,
    )
    const [here] = await destination.query(`SELECT sum(${digests?.digest_sql}) AS digest FROM ${name}`)
    expect(here?.digest, `digest of ${name}`).toBe(digests?.digest)
  }
})
