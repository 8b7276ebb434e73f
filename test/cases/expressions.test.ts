import { expect, test } from 'vitest'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import { openCase } from '../support/cases/case.ts'
import { oldestServer, sharedServer, type TestDatabase } from '../support/servers.ts'

/** By column: the expression, and what stands there afterwards, said once more by hand where that is not the same. */
const KINDS: Readonly<Record<string, readonly [expression: string, stored?: string]>> = {
  c_bool: ['NOT c_bool'],
  c_int2: ['(c_int2 / 10)::smallint'],
  c_int4: ['c_int4 * 2'],
  c_int8: ['c_int4'],
  c_numeric: ['c_int4 * 1.5 + c_int2'],
  c_numeric2: ['(c_numeric2 * 1.337)::numeric(8,2)'],
  c_float4: ['(c_float8 / 3)::real'],
  c_float8: ['c_float4'],
  c_text: [`regexp_replace(c_text, '[0-9]', '*', 'g') -- no digits`],
  c_varchar: [`c_varchar || '       '`, `rpad(c_varchar, 8)::varchar(8)`],
  c_char: [`upper(c_char)`, `upper(c_char)::char(6)`],
  c_name: [`'masked'::name`],
  c_bytea: [`decode(md5(c_text), 'hex')`],
  c_date: [`date_trunc('month', c_timestamp)::date`],
  c_time: [`(c_time + interval '61.6 seconds')::time(0)`],
  c_timetz: [`timetz '11:00:00.5+03'`],
  c_timestamp: ['c_date', 'c_date::timestamp'],
  c_timestamp0: ['c_timestamp::timestamp(0)'],
  c_timestamptz: [`date_trunc('day', c_timestamptz)`],
  c_interval: [`c_interval * 1.5`],
  c_uuid: ['md5(c_uuid::text)::uuid'],
  c_json: [`'{"b": [1.0, null]}'`],
  c_jsonb: [`c_jsonb - 'secret'`],
  c_inet: ['set_masklen(c_inet, 24)'],
  c_cidr: [`network(c_inet)`],
  c_macaddr: ['trunc(c_macaddr)'],
  c_bit: [`~ c_bit`],
  c_varbit: [`c_varbit || b'11'`, `(c_varbit || b'11')::varbit(5)`],
  c_point: ['c_point + point(1, 2)'],
  c_money: ['c_money * 2'],
  c_tsvector: [`strip(c_tsvector)`],
  c_range: ['int4range(c_int4, c_int4 + 2)'],
  c_mood: [`CASE c_mood WHEN 'ok' THEN 'sad' ELSE 'ok' END`],
  c_price: ['(c_price * 1.19)::numeric(8,2)'],
  c_code: ['left(md5(c_code), 8)'],
  c_array: ['array_append(c_array, 7)'],
  c_texts: [`array_replace(c_texts, NULL, 'none')`],
  c_moods: ['array_remove(c_moods, NULL)'],
  c_place: [`ROW('hidden', (c_place).number)::public.place`],
}

const MAILS = { expression: 'salted(email)' }
const TABLES = {
  'public.kinds': {
    columns: Object.fromEntries(Object.entries(KINDS).map(([name, [expression]]) => [name, { expression }])),
  },
  'public.people': {
    columns: {
      email: MAILS,
      name: { expression: `concat(left(name, 1), '***')` },
      phone: { expression: `'+49 ' || repeat('*', 7)` },
    },
  },
  'public.letters': { columns: { recipient: { expression: 'salted(recipient)' }, body: { expression: 'NULL' } } },
  'public.visits': {
    columns: { at: { expression: `(at - 180)` }, who: { expression: 'md5(who)' } },
    where: `at >= date '2025-07-01'`,
  },
  'public.events': { where: 'id % 3 = 0', columns: { who: { expression: `md5(who)` } } },
}

async function rows(database: TestDatabase, sql: string) {
  const [row] = await database.query(
    `SELECT count(*) AS rows, md5(string_agg(md5(t::text), ',' ORDER BY md5(t::text))) AS hash FROM (${sql}) t`,
  )
  return row
}

/** Not the product's digest: the text of all rows, in their own order. */
async function expectRows(source: TestDatabase, destination: TestDatabase) {
  // Floats by their bytes: servers before 12 print others.
  const printed = (name: string, value: string) =>
    name.startsWith('c_float') ? `float8send(${value}::float8)::text` : `(${value}\n)::text`
  for (const name of ['id', ...Object.keys(KINDS), 'c_oid']) {
    const [expression, stored] = KINDS[name] ?? [name]
    const here = await rows(source, `SELECT id, ${printed(name, `(${stored ?? expression}\n)`)} FROM public.kinds`)
    expect(await rows(destination, `SELECT id, ${printed(name, name)} FROM public.kinds`), name).toEqual(here)
  }
  const others: Readonly<Record<string, readonly [there: string, here: string]>> = {
    people: [
      'email, name, phone, born',
      `helpers.salted(email), left(name, 1) || '***', ('+49 ' || repeat('*', 7))::char(12), born`,
    ],
    letters: ['id, recipient, body', 'id, helpers.salted(recipient), NULL'],
    events: ['id, who, amount', 'id, md5(who), amount'],
    visits: ['id, at, who', 'id, at - 180, md5(who)'],
  }
  const where: Readonly<Record<string, string>> = { events: 'id % 3 = 0', visits: `at >= '2025-07-01'` }
  for (const [table, [own, wanted]] of Object.entries(others)) {
    const here = await rows(source, `SELECT ${wanted} FROM public.${table} WHERE ${where[table] ?? 'true'}`)
    expect(Number(here?.rows), table).toBeGreaterThan(0)
    expect(await rows(destination, `SELECT ${own} FROM public.${table}`), table).toEqual(here)
  }
}

test.each([
  ['binary where both encode alike', 'auto', 15],
  ['as text', 'text', 15],
  ['from the oldest', 'auto', 10],
  ['to and from the newest', 'auto', 18],
] as const)('what the task computes arrives, and is proved equal: %s', { tags: 'long' }, async (_, format, version) => {
  const server = version === 10 ? await oldestServer() : sharedServer(version)
  const { source, destination, run } = await openCase('expressions', { source: server, destination: sharedServer(18) })
  const migrated = await run({
    format,
    lanes: 2,
    chunkMegabytes: 1,
    databases: [{ name: source.name, as: destination.name, tables: TABLES }],
  })
  expect(migrated.outcome).toMatchObject({ exitStatus: 0, error: null })
  await expectRows(source, destination)
  const [database] = migrated.report.databases
  expect(database?.totals).toMatchObject({ tablesDifferent: 0, tablesEqual: database?.tables.length })
  expect((await migrated.destinationChecks())[1]).toEqual([['2000', expect.stringMatching(/^[0-9a-f]{32}$/)]])

  const people = migrated.objects.find(({ kind, name }) => kind === 'TABLE' && name === 'public.people')
  expect(people).toMatchObject({ status: 'transformed' })
  expect(people?.reason).toContain('the task computes email by salted(email), name by concat(')
  const table = database?.tables.find(({ name }) => name === 'public.events')
  expect(table).toMatchObject({ expressed: ['who'], filter: 'id % 3 = 0', rows: 10_000, rowsEstimated: 30_000 })
  expect(migrated.summary).toMatch(/computed\s+\d+ columns of \d tables: /)
  expect(migrated.report.task.databases[0]?.expressions).toContain('public.people.email by salted(email)')
})

test('what a mask covers is nowhere on the destination, the ledger included', { tags: 'long' }, async () => {
  const { source, destination, run } = await openCase('expressions', { source: await oldestServer() })
  const error = { kind: 'other' as const, code: 'TEST_STOP', message: 'stopped by the test', remedy: 'none' }
  const tables = {
    'public.people': { columns: { email: MAILS } },
    'public.letters': { columns: { recipient: { expression: 'salted(recipient)' } } },
    'public.events': { columns: { who: { expression: `'***'` }, id: { expression: 'id + 1000000' } } },
  }
  const databases = [
    { name: source.name, as: destination.name, include: ['public.people', 'public.letters', 'public.events'], tables },
  ]
  // A key by which the table would be cut, whose values would stand in the ledger.
  await source.query('ALTER TABLE events ADD PRIMARY KEY (id); ANALYZE events')
  const broken = await run({ chunkMegabytes: 1, databases }, ({ step }, handler) =>
    step === 'AnalyzeFunction' ? async () => ({ ...done(), verdict: 'failed', error }) : handler,
  )
  expect(broken.outcome.exitStatus).toBe(1)
  // What differs is looked into, by hashes of what is computed.
  await destination.query(`UPDATE people SET name = 'other' WHERE email = md5('saltperson7@clear.example')`)
  const again = await run({ chunkMegabytes: 1, databases, name: broken.report.run })
  expect(again.outcome.error).toMatchObject({ code: 'VALIDATION_DIFFERS' })
  expect(again.report.databases[0]?.tables.find(({ name }) => name === 'public.people')?.difference).toMatchObject({
    different: 1,
    missing: 0,
    surplus: 0,
  })
  const kinds = await destination.query(
    `SELECT DISTINCT c.kind FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation WHERE r.name = 'events'`,
  )
  expect(kinds).toEqual([{ kind: 'tid' }])
  const everything = await destination.query(
    `SELECT query_to_xml(format('TABLE %s', c.oid::regclass), true, false, '')::text AS content FROM pg_class c
      WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'sampan'::regnamespace) AND c.relname <> 'letters'`,
  )
  expect(everything.length).toBeGreaterThan(10)
  expect(everything.filter(({ content }) => String(content).includes('@clear.example'))).toEqual([])
  expect(JSON.stringify(again.report)).not.toContain('@clear')
})

test('expressions that cannot be, or that break what stands on their columns, are told before anything is written', {
  tags: 'long',
}, async () => {
  const { source, destination, run } = await openCase('expressions')
  const of = (tables: Record<string, { columns: Record<string, { expression: string }> }>) => ({
    databases: [{ name: source.name, as: destination.name, tables }],
  })
  const refused = await run(
    of({
      'public.people': {
        columns: {
          nobody: { expression: '1' },
          born: { expression: 'now()::date' },
          name: { expression: 'name, name' },
        },
      },
      'public.kinds': { columns: { c_numeric2: { expression: 'c_numeric2 * 2' } } },
      'public.k*': { columns: { c_text: { expression: 'NULL' } } },
      'public.ki*': { columns: { c_text: { expression: `'x'` } } },
      'public.nothing': { columns: { a: { expression: '1' } } },
    }),
  )
  expect(refused.outcome.exitStatus).toBe(3)
  const told = refused.findings.filter(({ code }) => code === 'EXPRESSION_INVALID').map(({ cause }) => cause)
  const cannot = (where: string, why: string) =>
    expect.stringMatching(new RegExp(`^the expression for ${where} cannot be used: ${why}`))
  expect(told).toEqual([
    cannot('public.people.nobody', 'no table that comes and is named by "public.people" has the column'),
    cannot('public.kinds.c_text', '"public.k\\*" has another expression for the column'),
    cannot('public.kinds.c_numeric2', 'its type is numeric, the column’s numeric\\(8,2\\): the column would round it'),
    cannot('public.people.born', 'it calls what is not immutable.*now\\(\\) \\(stable\\)'),
    cannot('public.people.name', '.*(syntax error|record)'),
  ])
  expect(refused.findings.find(({ code }) => code === 'FILTER_MATCHES_NOTHING')?.cause).toContain('public.nothing')

  const broken = await run({
    mode: 'precheck',
    ...of({
      'public.people': {
        columns: {
          email: { expression: 'left(md5(email), 1)' },
          name: { expression: `nullif(name, 'name 7')` },
          born: { expression: `date '2021-01-01'` },
        },
      },
    }),
  })
  expect(broken.findings.find(({ code }) => code === 'EXPRESSION_BREAKS_CONSTRAINTS')).toMatchObject({
    level: 'warning',
    blocks: true,
    details: [
      'to_person of public.letters, to public.people: 4,000 rows whose computed values have no parent; the key is made NOT VALID',
      'no_child of public.people: 2,000 rows not passing it; the destination refuses the rows',
      'NOT NULL of public.people.name: 1 row without a value; the destination refuses the rows',
      'people_pkey of public.people: 1,984 rows more than the key can tell apart; the key cannot be made, and fails',
    ],
  })
})

test.each([
  [
    'of a partition key comes with all partitions or not at all',
    { 'public.visits': { columns: { at: { expression: 'at - 180' } } } },
    ['public.visits_2025'],
    /^the expression for public\.visits\.at cannot be used: it is of the partition key: that needs all partitions to come/,
  ],
  [
    'of one partition alone is none where all travel together',
    {
      'public.visits': { columns: { at: { expression: 'at - 180' } } },
      'public.visits_2026': { columns: { who: { expression: 'md5(who)' } } },
    },
    [],
    /\.who \(public\.visits_2026\) cannot be used: its partitions travel together, and have not the same expression/,
  ],
])('an expression %s', { tags: 'long' }, async (_, tables, exclude, message) => {
  const { source, destination, run } = await openCase('expressions')
  const databases = [{ name: source.name, as: destination.name, exclude, tables }]
  const refused = await run({ databases, precheck: { acknowledge: ['CHOSEN_CANNOT_COME'] } })
  expect(refused.outcome.error).toMatchObject({ code: 'EXPRESSION_INVALID', message: expect.stringMatching(message) })
  expect(await destination.query(`SELECT to_regclass('public.visits') AS made`)).toEqual([{ made: null }])
})

test('a run started again with another expression is refused, and the same goes on', { tags: 'long' }, async () => {
  const { source, destination, run } = await openCase('expressions')
  const tables = (expression: string) => ({
    databases: [
      {
        name: source.name,
        as: destination.name,
        include: ['public.events'],
        tables: { 'public.events': { columns: { who: { expression } } } },
      },
    ],
  })
  const error = { kind: 'other' as const, code: 'TEST_STOP', message: 'stopped by the test', remedy: 'none' }
  const broken = await run(tables('md5(who)'), ({ step }, handler) =>
    step === 'AnalyzeFunction' ? async () => ({ ...done(), verdict: 'failed', error }) : handler,
  )
  const named = { name: broken.report.run }
  const other = await run({ ...tables('who'), ...named })
  expect(other.findings.map(({ code, blocks }) => [code, blocks])).toContainEqual(['RUN_TASK_CHANGED', true])
  const same = await run({ ...tables('md5(who)'), ...named })
  expect(same.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await rows(destination, 'SELECT id, who FROM events')).toEqual(
    await rows(source, 'SELECT id, md5(who) FROM events'),
  )
})
