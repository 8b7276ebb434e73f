import { expect, test } from 'vitest'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import { openCase } from '../support/cases/case.ts'
import { sharedServer, type TestDatabase } from '../support/servers.ts'

const FILTERS = {
  'public.customers': { where: `since >= date '2026-01-01' AND gone IS NULL -- not those who left` },
  'public.notes': { where: 'is_even(id)' },
  'public.hidden': { where: 'id BETWEEN 10 AND 19' },
  'public.events': { where: `what IS NULL OR what = 'order'` },
  'public.events_2026': { where: 'id % 5 = 0' },
  'public.alarms': { where: 'id > 500' },
  'public.alarms_1': { where: 'id < 900' },
  'public.animals': { where: 'id <= 7' },
}

/** What each table is to have, said once more by hand. */
const EXPECTED: Readonly<Record<string, string>> = {
  customers: `since >= '2026-01-01' AND gone IS NULL`,
  notes: 'id % 2 = 0',
  hidden: 'id >= 10 AND id < 20',
  events_2025: `coalesce(what, 'order') = 'order'`,
  events_2026: `coalesce(what, 'order') = 'order' AND id % 5 = 0`,
  animals: 'id <= 7',
  dogs: 'true',
  all_of_it: 'true',
}

/** Not the product's digest: the text of all rows, in their own order. */
async function content(database: TestDatabase, table: string, where = 'true') {
  const [row] = await database.query(
    `SELECT count(*) AS rows, md5(string_agg(md5(t::text), ',' ORDER BY md5(t::text))) AS hash FROM ONLY public.${table} t WHERE ${where}`,
  )
  return row
}

async function expectRows(source: TestDatabase, destination: TestDatabase) {
  for (const [table, where] of Object.entries(EXPECTED)) {
    const wanted = await content(source, table, where)
    expect(Number(wanted?.rows), table).toBeGreaterThan(0)
    expect(await content(destination, table), table).toEqual(wanted)
  }
  // Both labels may lie in one partition, and in another one there: all leaves together.
  const levels = `SELECT level, count(*) AS rows, sum(id) AS ids FROM public.alarms`
  expect(await destination.query(`${levels} GROUP BY 1 ORDER BY 1`)).toEqual(
    await source.query(
      `${levels} WHERE id > 500 AND (tableoid <> 'public.alarms_1'::regclass OR id < 900) GROUP BY 1 ORDER BY 1`,
    ),
  )
}

test.each(['auto', 'text'] as const)(
  'only the rows that the filters let come arrive, and are proved equal (%s)',
  { tags: 'long' },
  async (format) => {
    const { source, destination, run } = await openCase('row-filters')
    const done = await run({
      format,
      lanes: 2,
      chunkMegabytes: 1,
      databases: [{ name: source.name, as: destination.name, tables: FILTERS }],
    })
    expect(done.outcome).toMatchObject({ exitStatus: 0, error: null })
    await expectRows(source, destination)
    const [database] = done.report.databases
    expect(database?.totals).toMatchObject({ tablesDifferent: 0, tablesEqual: database?.tables.length })
    const customers = database?.tables.find(({ table }) => table === 'customers')
    expect(customers).toMatchObject({ filter: FILTERS['public.customers'].where, where: null, match: true })
    const [wanted] = await source.query(`SELECT count(*) AS rows FROM customers WHERE ${EXPECTED.customers}`)
    expect(customers?.rows).toBe(Number(wanted?.rows))
    expect(done.summary).toMatch(/filtered\s+[\d,]+ rows by the filters of \d tables: /)
    expect(done.report.task.databases[0]?.filters).toContain('public.notes where is_even(id)')
    const told = done.events.find(({ code }) => code === 'MATERIALIZED_VIEW_DIFFERS')
    expect(told).toMatchObject({ level: 'info' })
    expect(told?.message).toContain('it reads tables that the task filters or computes columns of (public.customers)')
  },
)

test('between two versions, and from one that reads pages otherwise', { tags: 'long' }, async () => {
  const { source, destination, run } = await openCase('row-filters', { destination: sharedServer(18) })
  const done = await run({
    databases: [{ name: source.name, as: destination.name, tables: FILTERS }],
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  })
  expect(done.outcome).toMatchObject({ exitStatus: 0, error: null })
  await expectRows(source, destination)
})

test('keys whose parents a filter keeps away are counted before, and made NOT VALID where that is accepted', {
  tags: 'long',
}, async () => {
  const { source, destination, run } = await openCase('row-filters-keys')
  const filters = (where: string, parents = 'kept') => ({
    databases: [
      {
        name: source.name,
        as: destination.name,
        tables: {
          'public.parents': { where: parents },
          'public.children': { where },
          'public.tree': { where: 'id > 4' },
        },
      },
    ],
  })
  const refused = await run(filters('own'))
  expect(refused.outcome.exitStatus).toBe(3)
  const [broken] = await source.query(
    `SELECT count(*) AS rows FROM children c JOIN parents p ON p.id = c.parent WHERE c.own AND NOT p.kept`,
  )
  expect(refused.findings.find(({ code }) => code === 'FILTER_BREAKS_KEYS')).toMatchObject({
    level: 'warning',
    blocks: true,
    details: [
      `children_parent_fkey of public.children, to public.parents: ${broken?.rows} rows whose parent stays behind; the key is made NOT VALID`,
      'tree_above_fkey of public.tree, to public.tree: 1 row whose parent stays behind; the key is made NOT VALID',
    ],
  })
  expect(Number(broken?.rows)).toBeGreaterThan(0)
  const unmade = await run({ mode: 'precheck', ...filters('own', 'id > 5') })
  expect(unmade.findings.find(({ code }) => code === 'FILTER_BREAKS_KEYS')?.details).toContain(
    'parts_parent_fkey of public.parts, to public.parents: 5 rows whose parent stays behind; the key cannot be made, and fails',
  )

  const accepted = { name: refused.report.run, precheck: { acknowledge: ['FILTER_BREAKS_KEYS'] } }
  const made = await run({ ...filters('own'), ...accepted })
  expect(made.outcome).toMatchObject({ exitStatus: 0, error: null })
  const keys = await destination.query(
    `SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'public'::regnamespace ORDER BY 1`,
  )
  expect(keys).toEqual([
    { conname: 'children_parent_fkey', convalidated: 'f' },
    { conname: 'others_parent_fkey', convalidated: 't' },
    { conname: 'parts_parent_fkey', convalidated: 't' },
    { conname: 'tree_above_fkey', convalidated: 'f' },
  ])
  // The same run with another filter is another task, whose rows are never mixed with these.
  const other = await run({ ...filters('NOT own'), ...accepted })
  expect(other.findings.map(({ code, blocks }) => [code, blocks])).toContainEqual(['RUN_SEALED', true])
})

test('what becomes of a key is the task’s to say, and nothing has to be acknowledged then', {
  tags: 'long',
}, async () => {
  const { source, destination, run } = await openCase('row-filters-keys')
  const filters = (keys: Record<string, 'leave' | 'not valid'>) => ({
    databases: [
      {
        name: source.name,
        as: destination.name,
        tables: {
          'public.parents': { where: 'kept' },
          'public.children': { keys },
          'public.tree': { where: 'id > 4', keys: { tree_above_fkey: 'not valid' as const } },
        },
      },
    ],
  })
  const refused = await run(filters({ nothing_fkey: 'leave' }))
  expect(refused.findings.map(({ code, cause }) => `${code}: ${cause}`)).toContain(
    'FILTER_MATCHES_NOTHING: no foreign key is named by nothing_fkey of public.children of "tables"',
  )
  const made = await run(filters({ children_parent_fkey: 'leave' }))
  expect(made.outcome).toMatchObject({ exitStatus: 0, error: null })
  const keys = await destination.query(
    `SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' AND conname ~ '^(children|tree)' ORDER BY 1`,
  )
  expect(keys).toEqual([{ conname: 'tree_above_fkey', convalidated: 'f' }])
  expect(
    made.objects.filter(({ kind, name }) => kind === 'FK CONSTRAINT' && /(children|tree)_/.test(name)),
  ).toMatchObject([{ status: 'skipped', reason: 'the task leaves the key behind' }, { status: 'transformed' }])
})

test('an open run started again with another filter is refused, and nothing of it is written', {
  tags: 'long',
}, async () => {
  const { source, destination, run } = await openCase('row-filters-keys')
  const tables = (where: string) => ({
    databases: [{ name: source.name, as: destination.name, tables: { 'public.others': { where } } }],
  })
  const error = { kind: 'other' as const, code: 'TEST_STOP', message: 'stopped by the test', remedy: 'none' }
  const broken = await run(tables('id > 3'), ({ step }, handler) =>
    step === 'AnalyzeFunction' ? async () => ({ ...done(), verdict: 'failed', error }) : handler,
  )
  expect(broken.outcome.exitStatus).toBe(1)
  const named = { name: broken.report.run }
  const other = await run({ ...tables('id > 4'), ...named })
  expect(other.outcome.exitStatus).toBe(3)
  expect(other.findings.map(({ code, blocks }) => [code, blocks])).toContainEqual(['RUN_TASK_CHANGED', true])
  const same = await run({ ...tables('id > 3'), ...named })
  expect(same.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await destination.query('SELECT count(*) AS rows FROM others')).toEqual([{ rows: '6' }])
})

test('filters that cannot be, and names of no table, are told before anything is written, each on its table', async () => {
  const { source, destination, run } = await openCase('row-filters-keys')
  const refused = await run({
    databases: [
      {
        name: source.name,
        as: destination.name,
        exclude: ['public.others'],
        tables: {
          'public.p*': { where: `id > 3 AND name <> 'now'` },
          'public.children': { where: 'id > random()' },
          'public.others': { where: 'true' },
          'public.Tree': { where: 'true' },
        },
      },
    ],
  })
  expect(refused.outcome.exitStatus).toBe(3)
  const of = (which: string) => refused.findings.filter(({ code }) => code === which)
  const noColumn = 'cannot be used: the source answered: column "name" does not exist'
  expect(of('FILTER_INVALID').map(({ cause, details }) => [cause, ...details])).toEqual([
    [`the filter of public.parts ${noColumn}`, `"public.p*": id > 3 AND name <> 'now'`],
    [
      expect.stringContaining('public.children cannot be used: it calls what is not immutable'),
      '"public.children": id > random()',
    ],
  ])
  expect(of('FILTER_MATCHES_NOTHING').map(({ cause }) => cause)).toEqual([
    'no table that is migrated is named by public.others, public.Tree of "tables"',
  ])
})

test('a function that is no longer immutable when the plan is made ends the run before anything is made', async () => {
  const { source, destination, run } = await openCase('row-filters')
  const changed = await run(
    { databases: [{ name: source.name, as: destination.name, tables: FILTERS }] },
    ({ step }, handler) =>
      async (event, context) => {
        if (step === 'PlanObjectsFunction') await source.query('ALTER FUNCTION public.is_even(int) STABLE')
        return handler(event, context)
      },
  )
  expect(changed.outcome.error).toMatchObject({ code: 'FILTER_INVALID' })
  expect(changed.outcome.error?.message).toContain('public.notes cannot be used')
  expect(await destination.query(`SELECT to_regclass('public.notes') AS made`)).toEqual([{ made: null }])
})
