import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { sharedServer } from '../support/servers.ts'

const acknowledged = { precheck: { acknowledge: ['DST_OBJECTS_REFUSED'] } }

test('what the destination’s version has no more is told by name before anything is written, and left out where that is acknowledged', {
  tags: 'long',
}, async () => {
  const opened = await openCase('ten-refused-objects')
  const refused = await opened.run()
  expect(refused.outcome.exitStatus).toBe(3)
  const [finding, ...others] = refused.findings.filter(({ code }) => code === 'DST_OBJECTS_REFUSED')
  expect(others).toEqual([])
  expect(finding?.details.toSorted()).toEqual([
    'aggregate public.as_array(anyelement): function array_append(anyarray, anyelement) does not exist; with it view public.uses, view public.uses_uses',
    'aggregate public.cat_all(anyarray): function array_cat(anyarray, anyarray) does not exist',
    'function public.since(abstime): type abstime does not exist',
    'materialized view public.in_backup: function pg_is_in_backup() does not exist; with it materialized view data public.in_backup',
    'operator public.!!!: operator right argument type must be specified',
    'policy public.ok today: column pg_class.relhasoids does not exist',
    'table public.old: type "abstime" does not exist; with it view public.of_old, sequence public.old_id_seq, sequence owned by public.old_id_seq, default public.old id, constraint public.old old_pkey, index public.old_t',
    'view public.oldcat: column pg_class.relhasoids does not exist',
    'view public.oldproc: column pg_proc.proisagg does not exist',
  ])
  expect(await opened.destination.query(`SELECT nspname FROM pg_namespace WHERE nspname ~ 'sampan'`)).toEqual([])

  const run = await opened.run(acknowledged)
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect([...run.named('failed'), ...run.named('blocked'), ...run.named('pending')]).toEqual([])
  expect(await opened.destination.query('SELECT (SELECT count(*) FROM of_ok) AS rows, plain(), fac(1)')).toEqual([
    { rows: '100', plain: '1', fac: '1' },
  ])
  const left = new Map(
    run.objects.filter(({ status }) => status === 'skipped').map(({ name, reason }) => [name, reason]),
  )
  expect(left.get('public.old')).toBe('the destination’s version refuses it: type "abstime" does not exist')
  expect(left.get('public.uses_uses')).toBe(
    'it needs aggregate public.as_array(anyelement), which the destination’s version refuses',
  )
  expect(left.get('AGGREGATE public.cat_all(anyarray)')).toBe('what it belongs to is left behind')
  expect(left.has('public.fine')).toBe(false)
})

test('where the database is still to be made the plan tells it, before an object is made', {
  tags: 'long',
}, async () => {
  const opened = await openCase('ten-refused-unseen')
  const refused = await opened.run()
  expect(refused.outcome.error).toMatchObject({ code: 'DST_OBJECTS_REFUSED' })
  expect(refused.outcome.error?.message).toContain('view public.oldcat: column pg_class.relhasoids does not exist')
  expect(await opened.destination.query(`SELECT to_regclass('public.ok') AS made`)).toEqual([{ made: null }])
  const run = await opened.run({ ...acknowledged, name: refused.report.run })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.named('skipped')).toEqual(['VIEW public.oldcat'])
})

test('what a newer destination builds without the source’s search_path is told by name; with its functions bound to a path it comes', {
  tags: 'long',
}, async () => {
  const opened = await openCase('built-without-path', { destination: sharedServer(18) })
  const refused = await opened.run()
  const finding = refused.findings.find(({ code }) => code === 'DST_OBJECTS_REFUSED')
  const lines = (finding?.details ?? []).toSorted().map((line) => line.replace(/ \(built under .*?\)/, ''))
  expect(lines).toEqual([
    'constraint public.Person Person_int4range_excl: function unaccent(text) does not exist',
    'index public.person_sql: function unaccent(unknown, text) does not exist',
    'index public.person_where: function unaccent(text) does not exist',
    'index public.tree_name: function unaccent(text) does not exist; with it index public.tree_low_pl_plain_idx, index attach public.tree_low_pl_plain_idx',
    'materialized view data public.plain: function unaccent(text) does not exist; with it materialized view data public.over_plain',
    'materialized view data public.ticked: relation "tree" does not exist',
  ])
  const run = await opened.run(acknowledged)
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect([...run.named('failed'), ...run.named('blocked'), ...run.named('pending')]).toEqual([])
  const except = [/ public\.(plain|over_plain|ticked): /]
  expect(await run.differences({ rows: true, except })).toEqual([])
})

test('what could not be foreseen fails by itself, with what helps: all else is there', { tags: 'long' }, async () => {
  const opened = await openCase('built-without-path', { destination: sharedServer(18) })
  // Nothing is evaluated where there is no row to evaluate it for.
  await opened.source.query('TRUNCATE tree; DROP MATERIALIZED VIEW ticked; DROP TABLE "Person" CASCADE')
  await opened.source.query(
    `INSERT INTO tree SELECT 1, NULL FROM generate_series(1, 300); INSERT INTO tree VALUES (2, 'ü')`,
  )
  const run = await opened.run({ onObjectError: 'continue' })
  expect(run.outcome).toMatchObject({ exitStatus: 4, error: null })
  expect(run.named('failed').toSorted()).toEqual([
    'INDEX public.tree_low_pl_plain_idx',
    'MATERIALIZED VIEW DATA public.plain',
  ])
  for (const { error } of run.objects.filter(({ status }) => status === 'failed')) {
    expect(error?.message).toContain('ALTER FUNCTION … SET search_path, on both ends')
  }
})

test('a function that is bound to a path on the source is built with it', { tags: 'long' }, async () => {
  const opened = await openCase('built-without-path', { destination: sharedServer(18) })
  for (const name of ['sql_plain(text)', 'pl_plain(text)', 'tick()']) {
    await opened.source.query(`ALTER FUNCTION public.${name} SET search_path = public, lib`)
  }
  const run = await opened.run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.differences()).toEqual([])
})
