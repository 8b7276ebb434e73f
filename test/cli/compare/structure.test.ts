import { expect, test } from 'vitest'
import { compareEntries } from '../../../cli/compare/structure.ts'
import type { PlannedObject } from '../../../lambdas/core/ledger/objects/planned.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'

const entry = (id: number, kind: string, tag: string, sql: string): TocEntry => ({
  ...{ id, catalogOid: 0, oid: 0, kind, tag, section: 'pre-data', sql, dropSql: '', schema: 'public', owner: 'o' },
  ...{ tablespace: '', accessMethod: null, relationKind: null, hasData: false, dependencies: [] },
})
const judged = (id: number, verdict: PlannedObject['verdict']) => ({ id, verdict }) as PlannedObject
const told = (found: ReturnType<typeof compareEntries>) =>
  found.objects.map(({ what, kind, name }) => `${what} ${kind} ${name}`)

test('objects are told that one end lacks or has otherwise; what the plan leaves out or changes is no difference', () => {
  const entries = [
    entry(1, 'TABLE', 'same', 'CREATE TABLE same'),
    entry(2, 'INDEX', 'lost', 'CREATE INDEX lost'),
    entry(3, 'FUNCTION', 'other()', 'CREATE FUNCTION other() 1'),
    entry(4, 'EXTENSION', 'skipped', 'CREATE EXTENSION skipped'),
    entry(5, 'TABLE', 'transformed', 'CREATE TABLE transformed USING x'),
    entry(6, 'ACL', 'TABLE same', 'GRANT'),
  ]
  const objects = [judged(4, 'skip'), judged(5, 'transform')]
  const destination = [
    entry(11, 'TABLE', 'same', 'CREATE TABLE same'),
    entry(12, 'FUNCTION', 'other()', 'CREATE FUNCTION other() 2'),
    entry(13, 'EXTENSION', 'skipped', 'CREATE EXTENSION skipped'),
    entry(14, 'TABLE', 'transformed', 'CREATE TABLE transformed'),
    entry(15, 'VIEW', 'new', 'CREATE VIEW new'),
    { ...entry(16, 'TABLE', 'run', 'CREATE TABLE sampan.run'), schema: 'sampan' },
    { ...entry(17, 'SCHEMA', 'sampan', 'CREATE SCHEMA sampan'), schema: null },
  ]
  expect(told(compareEntries({ entries, objects }, destination, true))).toEqual([
    'different FUNCTION other()',
    'missing INDEX lost',
    'unclear TABLE transformed',
    'surplus VIEW new',
  ])
})

test('what a publication has is not judged where the plan writes it in another way', () => {
  const of = (id: number, kind: string, tag: string) => ({ ...entry(id, `PUBLICATION ${kind}`, tag, tag), schema: 's' })
  const entries = [
    { ...entry(1, 'PUBLICATION', 'every one', 'FOR ALL TABLES'), schema: null },
    of(2, 'TABLES IN SCHEMA', 'by schema s'),
    of(3, 'TABLES IN SCHEMA', 'kept s'),
    of(4, 'TABLE', 'lost t'),
  ]
  const destination = [
    { ...entry(11, 'PUBLICATION', 'every one', ''), schema: null, sql: 'CREATE PUBLICATION' },
    of(12, 'TABLES IN SCHEMA', 'every one s'),
    of(13, 'TABLE', 'by schema t'),
    of(14, 'TABLES IN SCHEMA', 'kept s'),
    of(15, 'TABLE', 'kept t'),
  ]
  const objects = [judged(1, 'transform'), judged(2, 'transform')]
  expect(told(compareEntries({ entries, objects }, destination, true))).toEqual([
    'unclear PUBLICATION TABLE by schema t',
    'surplus PUBLICATION TABLE kept t',
    'missing PUBLICATION TABLE lost t',
    'unclear PUBLICATION TABLES IN SCHEMA by schema s',
    'unclear PUBLICATION TABLES IN SCHEMA every one s',
    'unclear PUBLICATION every one',
  ])
})

test('triggers from before 11 and ranges from before 14 are the same in a later version’s words', () => {
  const trigger = (words: string, when = '') =>
    `CREATE TRIGGER t BEFORE INSERT ON s FOR EACH ROW${when} EXECUTE ${words};`
  const range = (more: string) => `CREATE TYPE r AS RANGE (\n    subtype = double precision${more}\n);`
  const multirange = (name: string) => `,\n    multirange_type_name = ${name}`
  const pairs: readonly [kind: string, tag: string, here: string, there: string][] = [
    ['TRIGGER', 'same', trigger('PROCEDURE f()'), trigger('FUNCTION f()')],
    ['TRIGGER', 'other', trigger('PROCEDURE f()'), trigger('FUNCTION g()')],
    ['TRIGGER', 'when', trigger('PROCEDURE f()', ' WHEN ((a)::text)'), trigger('FUNCTION f()', ' WHEN (a)')],
    ['TYPE', 'same', range(''), range(multirange('m'))],
    ['TYPE', 'more', range(',\n    canonical = c'), range(`${multirange('m')},\n    canonical = c`)],
    ['TYPE', 'otherwise', range(''), range(`${multirange('m')},\n    canonical = c`)],
    ['TYPE', 'renamed', range(multirange('n')), range(multirange('m'))],
  ]
  const entries = pairs.map(([kind, tag, here], id) => entry(id, kind, tag, here))
  const destination = pairs.map(([kind, tag, , there], id) => entry(id, kind, tag, there))
  expect(told(compareEntries({ entries, objects: [] }, destination, false))).toEqual([
    'different TRIGGER other',
    'unclear TRIGGER when',
    'different TYPE otherwise',
    'different TYPE renamed',
  ])
})

test('another major’s words for the same view are not judged; a column that a table lacks is', () => {
  const table = (columns: string) => `CREATE TABLE t (\n${columns}\n);`
  const entries = [
    entry(1, 'VIEW', 'v', 'SELECT t.a FROM t'),
    entry(2, 'TABLE', 't', table(`    a integer DEFAULT (1)::integer,\n    b text`)),
    entry(3, 'TABLE', 'u', table('    a integer,\n    b text')),
    entry(5, 'TABLE', 'w', table('    a timestamp without time zone DEFAULT now(),\n    b numeric(6,2) NOT NULL')),
    entry(6, 'TABLE', 'x', table('    a timestamp with time zone DEFAULT now(),\n    b numeric(6,2) NOT NULL')),
    entry(7, 'TABLE', 'required', table(`    a integer DEFAULT (1)::integer NOT NULL`)),
    entry(8, 'TABLE', 'same', table(`    a integer DEFAULT (1)::integer NOT NULL`)),
    entry(9, 'TABLE', 'unlogged', table('    a integer')),
    entry(10, 'TABLE', 'cut', `${table('    a integer').slice(0, -1)}\nPARTITION BY RANGE (a);`),
    entry(11, 'TABLE', 'by', `${table('    a integer').slice(0, -1)}\nPARTITION BY RANGE (((a + 1)));`),
    entry(12, 'TABLE', 'heir', `${table('    b integer').slice(0, -1)}\nINHERITS (public.t);`),
    // Before 15 pg_dump writes it, as its owner is no role of the server's own.
    { ...entry(4, 'SCHEMA', 'public', 'CREATE SCHEMA public'), schema: null },
  ]
  const destination = [
    entry(1, 'VIEW', 'v', 'SELECT a FROM t'),
    entry(2, 'TABLE', 't', table(`    a integer DEFAULT 1,\n    b text`)),
    entry(3, 'TABLE', 'u', table('    a integer')),
    entry(5, 'TABLE', 'w', table('    a timestamp without time zone DEFAULT now(),\n    b numeric(6,4) NOT NULL')),
    entry(6, 'TABLE', 'x', table('    a timestamp without time zone DEFAULT now(),\n    b numeric(6,2) NOT NULL')),
    entry(7, 'TABLE', 'required', table(`    a integer DEFAULT 1`)),
    entry(8, 'TABLE', 'same', table(`    a integer DEFAULT 1 CONSTRAINT other NOT NULL`)),
    entry(9, 'TABLE', 'unlogged', table('    a integer').replace('CREATE', 'CREATE UNLOGGED')),
    entry(10, 'TABLE', 'cut', table('    a integer')),
    entry(11, 'TABLE', 'by', `${table('    a integer').slice(0, -1)}\nPARTITION BY RANGE ((a + 1));`),
    entry(12, 'TABLE', 'heir', table('    b integer')),
  ]
  const compare = (sameMajor: boolean) => told(compareEntries({ entries, objects: [] }, destination, sameMajor))
  expect(compare(false)).toEqual([
    'unclear TABLE by',
    'different TABLE cut',
    'different TABLE heir',
    'different TABLE required',
    'unclear TABLE same',
    'unclear TABLE t',
    'different TABLE u',
    'different TABLE unlogged',
    'different TABLE w',
    'different TABLE x',
    'unclear VIEW v',
  ])
  expect(compare(true)).toEqual([
    'different TABLE by',
    'different TABLE cut',
    'different TABLE heir',
    'different TABLE required',
    'different TABLE same',
    'different TABLE t',
    'different TABLE u',
    'different TABLE unlogged',
    'different TABLE w',
    'different TABLE x',
    'different VIEW v',
  ])
})

test('what two majors quote otherwise is the same, but for what stands in a literal', () => {
  const body = (type: string, text: string) =>
    `CREATE FUNCTION public.f(a ${type}) RETURNS text AS $$SELECT '${text}'$$;`
  const entries = [
    entry(1, 'FUNCTION', 'f(public.json_value)', body('public.json_value', 'a')),
    entry(2, 'FUNCTION', 'g(public.json_value)', body('public.json_value', 'a')),
    entry(3, 'TABLE', 't', `CREATE TABLE public.t (\n    "it's" public.json_value\n);`),
  ]
  const destination = [
    entry(11, 'FUNCTION', 'f(public."json_value")', body('public."json_value"', 'a')),
    entry(12, 'FUNCTION', 'g(public."json_value")', body('public."json_value"', '"a"')),
    entry(13, 'TABLE', 't', `CREATE TABLE public.t (\n    "it's" public."json_value"\n);`),
  ]
  const compare = (sameMajor: boolean) => told(compareEntries({ entries, objects: [] }, destination, sameMajor))
  expect(compare(false)).toEqual(['different FUNCTION g(public.json_value)'])
  expect(compare(true)).toHaveLength(5)
})
