import { describe, expect, test } from 'vitest'
import { type Copied, copied, ITEMS, RUN, VISITS, validate } from './migration.ts'

const ROWS = `
  INSERT INTO items SELECT n, 'note ' || n, n + 1.00 FROM generate_series(1, 500) n;
  INSERT INTO items VALUES (1001, '', 1.0), (1002, NULL, 'NaN'), (1003, E'tab\\tand \\\\N', -0.0);
  INSERT INTO visits SELECT 'home', 'epoch'::timestamptz FROM generate_series(1, 7);
  INSERT INTO visits VALUES ('end', 'infinity'), (NULL, NULL), (NULL, NULL), ('bc', '0044-03-15 00:00:00+00 BC');`

/** Changes the destination behind the migration's back, then validates. */
async function plant(change: string): Promise<{ answer: Awaited<ReturnType<typeof validate>>; migration: Copied }> {
  const migration = await copied([ITEMS, VISITS], ROWS)
  await migration.destination.query(change)
  return { answer: await validate(migration.event), migration }
}

async function found(migration: Copied) {
  const rows = await migration.destination.query(
    `SELECT r.name, d.missing, d.surplus, d.different, d.complete, d.source_changed, d.places FROM sampan.difference d
       JOIN sampan.relation r ON r.run = d.run AND r.oid = d.relation`,
  )
  return rows.map((row) => ({
    name: row.name,
    numbers: [row.missing, row.surplus, row.different],
    complete: row.complete,
    changed: row.source_changed,
    places: JSON.parse(row.places ?? '[]') as { side: string; ctid: string; kind: string }[],
  }))
}

test('equal data on 15 and 18 is sealed', async () => {
  const { event, destination } = await copied([ITEMS, VISITS], ROWS)
  expect(await validate(event)).toMatchObject({ verdict: 'done', error: null })
  expect(await destination.query(`SELECT state FROM sampan.run WHERE id = '${RUN}'`)).toEqual([{ state: 'sealed' }])
  expect(
    await destination.query(`SELECT count(DISTINCT d) FROM (
      SELECT relation, digest AS d FROM sampan.chunk UNION ALL SELECT relation, digest FROM sampan.digest_part) x`),
  ).toEqual([{ count: '2' }])
})

describe('a difference fails the run and names the table', () => {
  test.each([
    ['one byte', `UPDATE items SET note = 'note 7x' WHERE id = 7`, ['0', '0', '1'], 'items'],
    ['1.0 for 1.00', `UPDATE items SET price = 2.0 WHERE id = 1`, ['0', '0', '1'], 'items'],
    ['NULL for an empty text', `UPDATE items SET note = NULL WHERE id = 1001`, ['0', '0', '1'], 'items'],
    ['an empty text for NULL', `UPDATE items SET note = '' WHERE id = 1002`, ['0', '0', '1'], 'items'],
    [
      'two values that changed places',
      `UPDATE items SET note = CASE id WHEN 1 THEN 'note 2' ELSE 'note 1' END WHERE id IN (1, 2)`,
      ['0', '0', '2'],
      'items',
    ],
    ['a row missing', `DELETE FROM items WHERE id = 250`, ['1', '0', '0'], 'items'],
    ['a row too many', `INSERT INTO items VALUES (9999, 'x', 1)`, ['0', '1', '0'], 'items'],
    ['one row for another', `UPDATE items SET id = 7777 WHERE id = 3`, ['1', '1', '0'], 'items'],
    [
      'a duplicate too many in a table without a key',
      `INSERT INTO visits VALUES ('home', 'epoch')`,
      ['0', '1', '0'],
      'visits',
    ],
    [
      'a duplicate too few in a table without a key',
      `DELETE FROM visits WHERE ctid = '(0,3)'`,
      ['1', '0', '0'],
      'visits',
    ],
    [
      'a NULL row too few',
      `DELETE FROM visits WHERE ctid = (SELECT min(ctid) FROM visits WHERE page IS NULL)`,
      ['1', '0', '0'],
      'visits',
    ],
  ])('%s', { tags: 'long' }, async (_, change, numbers, name) => {
    const { answer, migration } = await plant(change)
    expect(answer).toMatchObject({ verdict: 'failed', error: { code: 'VALIDATION_DIFFERS' } })
    expect(answer.error?.message).toContain(`public.${name}`)
    expect(answer.error?.message).not.toContain(name === 'items' ? 'visits' : 'items')
    expect(await found(migration)).toMatchObject([{ name, numbers, complete: 't', changed: 'f' }])
    expect(await migration.destination.query(`SELECT state FROM sampan.run`)).toEqual([{ state: 'open' }])
  })
})

describe('the look into a table that differs', () => {
  test('says where the rows lie, and no value of them', async () => {
    const { migration } = await plant(`UPDATE items SET note = 'geheim' WHERE id = 77; DELETE FROM items WHERE id = 78`)
    const [difference] = await found(migration)
    const place = (kind: string) => difference?.places.find((candidate) => candidate.kind === kind)?.ctid
    expect(await migration.destination.query(`SELECT id FROM items WHERE ctid = '${place('different')}'`)).toEqual([
      { id: '77' },
    ])
    expect(await migration.source.query(`SELECT id FROM items WHERE ctid = '${place('missing')}'`)).toEqual([
      { id: '78' },
    ])
    const events = await migration.destination.query(`SELECT code, message FROM sampan.event ORDER BY number`)
    expect(events.map(({ code }) => code)).toEqual(['VALIDATION_DIFFERS', 'ROWS_DIFFER'])
    expect(events[1]?.message).toBe('public.items: rows: 1 only on the source, 1 with other values')
    expect(JSON.stringify([difference, events])).not.toContain('geheim')
  })

  test('says that the source has been written to since the copy', async () => {
    const migration = await copied([ITEMS], ROWS.split('INSERT INTO visits')[0] ?? '')
    await migration.destination.query(`DELETE FROM items WHERE id = 4`)
    await migration.source.query(`INSERT INTO items VALUES (5000, 'later', 1)`)
    expect((await validate(migration.event)).error?.code).toBe('VALIDATION_DIFFERS')
    expect(await found(migration)).toMatchObject([{ numbers: ['2', '0', '0'], changed: 't' }])
  })

  test('a source that is gone leaves the judgement standing', async () => {
    const migration = await copied([ITEMS], ROWS.split('INSERT INTO visits')[0] ?? '')
    await migration.destination.query(`DELETE FROM items WHERE id = 4`)
    const endpoints = migration.event.endpoints
    if (endpoints === null) throw new Error('no endpoints')
    const unreachable = { ...endpoints, source: { host: '127.0.0.1', port: 1 } }
    expect((await validate({ ...migration.event, endpoints: unreachable })).error?.code).toBe('VALIDATION_DIFFERS')
  })
})

describe('counts alone', () => {
  const counts = { validation: { mode: 'counts' as const } }

  test('find a missing row', async () => {
    const migration = await copied([ITEMS, VISITS], ROWS, counts)
    await migration.destination.query(`DELETE FROM items WHERE id = 1`)
    expect((await validate(migration.event)).error).toMatchObject({ code: 'VALIDATION_DIFFERS' })
  })

  test('do not see a changed byte, and leave no digest', async () => {
    const migration = await copied([ITEMS, VISITS], ROWS, counts)
    await migration.destination.query(`UPDATE items SET note = 'x' WHERE id = 1`)
    expect((await validate(migration.event)).verdict).toBe('done')
    expect(await migration.destination.query(`SELECT count(digest) FROM sampan.digest_part`)).toEqual([{ count: '0' }])
  })
})

test('nothing is read where the task compares nothing', async () => {
  const migration = await copied([ITEMS, VISITS], ROWS, { validation: { mode: 'none' } })
  await migration.destination.query(`TRUNCATE items`)
  expect((await validate(migration.event)).verdict).toBe('done')
  expect(await migration.destination.query(`SELECT count(*) FROM sampan.digest_part`)).toEqual([{ count: '0' }])
})
