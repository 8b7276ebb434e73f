import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { sharedServer, type TestDatabase } from '../support/servers.ts'

const follow = { keys: { fkey: 'follow' as const } }
const TABLES = {
  'public.people': { where: 'kept AND parent <> 1001' },
  'old.people': { where: 'people.kept', ...follow },
  'public.orders': follow,
  'public.lines': follow,
  'public.alarms': follow,
  'public.days': { where: 'kept' },
  'public.days_2': { where: 'day <> 77' },
  'public.visits': follow,
  'public.words': { where: 'kept' },
  'public.uses': follow,
}

/** What is to come, said once more by hand. */
const PEOPLE = 'SELECT id FROM public.people WHERE kept AND id <> 1001'
const DAYS = 'SELECT day FROM public.days WHERE kept AND day <> 77'
const ORDERS = `SELECT * FROM public.orders WHERE parent IN (${PEOPLE})`
const EXPECTED: Readonly<Record<string, string>> = {
  'public.people': `id IN (${PEOPLE})`,
  'old.people': `kept AND (parent IS NULL OR parent IN (${PEOPLE}))`,
  'public.orders': `parent IN (${PEOPLE})`,
  'public.lines': `shop IS NULL OR EXISTS (SELECT FROM (${ORDERS}) o WHERE (o.shop, o.id) = (t.shop, t."order"))`,
  'public.alarms': `parent IN (${PEOPLE})`,
  'public.visits': `day IN (${DAYS})`,
  'public.uses': `word COLLATE "C" IN (SELECT word FROM public.words WHERE kept)`,
}

async function content(database: TestDatabase, table: string, where = 'true') {
  const [row] = await database.query(
    `SELECT count(*) AS rows, md5(string_agg(md5(t::text), ',' ORDER BY md5(t::text))) AS hash FROM ${table} t WHERE ${where}`,
  )
  return row
}

test.each([15, 18] as const)(
  'rows follow their parents’ filters, chains and partitions too (to %i)',
  { tags: 'long' },
  async (major) => {
    const { source, destination, run } = await openCase(
      'row-filters-follow',
      major === 15 ? {} : { destination: sharedServer(18) },
    )
    const done = await run({
      lanes: 2,
      chunkMegabytes: 1,
      databases: [{ name: source.name, as: destination.name, tables: TABLES }],
    })
    expect(done.outcome).toMatchObject({ exitStatus: 0, error: null })
    for (const [table, where] of Object.entries(EXPECTED)) {
      const wanted = await content(source, table, where)
      expect(Number(wanted?.rows), table).toBeGreaterThan(0)
      expect(await content(destination, table), table).toEqual(wanted)
    }
    const [keys] = await destination.query(
      `SELECT bool_and(convalidated) AS valid, count(*) AS keys FROM pg_constraint WHERE conname = 'fkey' AND conparentid = 0`,
    )
    expect(keys).toEqual({ valid: 't', keys: '7' })
    const [database] = done.report.databases
    expect(database?.totals).toMatchObject({ tablesDifferent: 0, tablesEqual: database?.tables.length })
    const lines = database?.tables.find(({ table }) => table === 'lines')
    expect(lines?.rows).toBe(Number((await content(destination, 'public.lines'))?.rows))
    expect(lines?.rowsEstimated).toBeGreaterThan(lines?.rows ?? 0)
    expect(done.report.task.databases[0]?.filters).toContain('public.orders where the parent of fkey comes')
  },
)

test('rows that would follow themselves, or parents that do not come whole, are refused before anything is written', async () => {
  const { source, destination, run } = await openCase('row-filters-follow')
  const refused = await run({
    databases: [
      {
        name: source.name,
        as: destination.name,
        exclude: ['public.days_2'],
        tables: { ...TABLES, 'public.tree': { where: 'id > 4', ...follow }, 'public.days_2': { where: 'true' } },
      },
    ],
  })
  expect(refused.outcome.exitStatus).toBe(3)
  expect(refused.findings.find(({ code }) => code === 'KEY_CHOICE_IMPOSSIBLE')).toMatchObject({
    level: 'error',
    details: [
      'fkey of public.visits: "follow" cannot be, its rows cannot follow public.days_2, which does not come',
      'fkey of public.tree: "follow" cannot be, its rows would follow themselves: public.tree → public.tree',
    ],
  })
})

test('a partitioned table’s key that is to be NOT VALID is so from 18 on, and refused before', {
  tags: 'long',
}, async () => {
  const tables = {
    'public.people': { where: 'kept' },
    'public.days': { where: 'kept' },
    ...Object.fromEntries(
      ['old.people', 'public.orders', 'public.alarms', 'public.visits'].map((name) => [
        name,
        { keys: { fkey: 'not valid' as const } },
      ]),
    ),
  }
  const old = await openCase('row-filters-follow')
  const refused = await old.run({ databases: [{ name: old.source.name, as: old.destination.name, tables }] })
  expect(refused.outcome.exitStatus).toBe(3)
  expect(refused.findings.find(({ code }) => code === 'KEY_CHOICE_IMPOSSIBLE')?.details).toEqual([
    'fkey of public.alarms: "not valid" cannot be, public.alarms is partitioned, and before PostgreSQL 18 such a key is valid or none',
    'fkey of public.visits: "not valid" cannot be, public.visits is partitioned, and before PostgreSQL 18 such a key is valid or none',
  ])

  const { source, destination, run } = await openCase('row-filters-follow', { destination: sharedServer(18) })
  const made = await run({ databases: [{ name: source.name, as: destination.name, tables }] })
  expect(made.outcome).toMatchObject({ exitStatus: 0, error: null })
  const keys = await destination.query(
    `SELECT conrelid::regclass::text AS table, convalidated FROM pg_constraint WHERE conname = 'fkey' AND conparentid = 0 ORDER BY 1`,
  )
  expect(keys).toEqual([
    { table: 'alarms', convalidated: 'f' },
    { table: 'lines', convalidated: 't' },
    { table: 'old.people', convalidated: 'f' },
    { table: 'orders', convalidated: 'f' },
    { table: 'tree', convalidated: 't' },
    { table: 'uses', convalidated: 't' },
    { table: 'visits', convalidated: 'f' },
  ])
  const told = made.objects.find(({ kind, name }) => kind === 'FK CONSTRAINT' && name.includes('visits'))
  expect(told).toMatchObject({ status: 'transformed' })
  const [query] = /SELECT c\.\* .*?(?=;)/.exec(told?.reason ?? '') ?? []
  expect((await destination.query(`${query}`)).length).toBe(
    (await source.query('SELECT FROM visits JOIN days USING (day) WHERE NOT kept')).length,
  )
})
