import type { Choices } from '../random.ts'

/** One transaction of an application, as statements that are sent one after the other; it may fail, and is rolled back then. */
export type Turn = (choices: Choices) => readonly string[]

const BOX = '"Odd schema"."Money ""box"'
const text = (c: Choices) =>
  c.pick([`''`, `'plain'`, `E'tab\\t "q" \\\\ {a,b}'`, `'NULL'`, `'ümläut'`, `E'line\\nline'`])

/** Money goes from one row to another, in one table or between both; the sum stays. */
const transfer: Turn = (c) => {
  const [from, to, amount] = [c.between(1, 150), c.between(1, 150), c.between(1, 90)]
  const box = `(SELECT "the id" FROM ${BOX} ORDER BY 1 OFFSET ${c.between(0, 49)} LIMIT 1)`
  return c.yes()
    ? [
        `UPDATE bank.account SET balance = balance - ${amount} WHERE id = ${from}`,
        `INSERT INTO bank.transfer (origin, target, amount) VALUES (${from}, ${to}, ${amount})`,
        `UPDATE bank.account SET balance = balance + ${amount} WHERE id = ${to}`,
      ]
    : [
        `UPDATE ${BOX} SET "SELECT" = "SELECT" - ${amount} WHERE "the id" = ${box}`,
        `UPDATE bank.account SET balance = balance + ${amount}${c.yes() ? `, note = repeat('n', ${c.between(1, 9000)})` : ''}
          WHERE id = ${from} AND EXISTS (SELECT FROM ${BOX} WHERE "the id" = ${box})`,
      ]
}

/** What is rolled back to a savepoint is in no stream, what is released is. */
const savepoints: Turn = (c) => {
  const id = c.between(1, 150)
  return [
    `UPDATE bank.account SET balance = balance - 5 WHERE id = ${id}`,
    'SAVEPOINT one',
    `UPDATE bank.account SET balance = balance + 1000 WHERE id = ${id}`,
    `DELETE FROM toasted WHERE id = ${c.between(1, 60)}`,
    'SAVEPOINT two',
    `INSERT INTO only_key VALUES ('never')`,
    c.yes() ? 'ROLLBACK TO two' : 'RELEASE two',
    'ROLLBACK TO one',
    `UPDATE bank.account SET balance = balance + 5 WHERE id = ${id}`,
    'SAVEPOINT three',
    `INSERT INTO only_key VALUES ('k' || nextval('fresh'))`,
    'RELEASE three',
  ]
}

const toast: Turn = (c) => {
  const id = c.between(1, 60)
  return c.pick([
    [`UPDATE toasted SET n = n + 1 WHERE id = ${id}`],
    [
      `UPDATE toasted SET body = repeat('x${c.between(0, 99)}', 4000) WHERE id = ${id}`,
      `UPDATE toasted SET n = n + 1 WHERE id = ${id}`,
    ],
    [
      `UPDATE toasted SET n = n + 1, small = ${text(c)} WHERE id = ${id}`,
      `UPDATE toasted SET raw = NULL WHERE id = ${id}`,
    ],
    [
      `DELETE FROM toasted WHERE id = ${id}`,
      `INSERT INTO toasted VALUES (${id}, 0, repeat('again', 3000), '\\x00', 's')`,
      `UPDATE toasted SET n = 7 WHERE id = ${id}`,
    ],
    [
      `UPDATE toasted SET id = -id WHERE id = ${id}`,
      `UPDATE toasted SET n = n + 3 WHERE id = ${-id}`,
      `UPDATE toasted SET id = -id WHERE id = ${-id}`,
    ],
  ])
}

/** Two rows change places in an index beside the key, through a third value, in one statement or at the end. */
const swaps: Turn = (c) => {
  const [one, other] = [c.between(1, 10), c.between(11, 20)]
  const of = (id: number, column: string) => `(SELECT ${column} FROM place WHERE id = ${id})`
  return c.pick([
    [
      `CREATE TEMP TABLE IF NOT EXISTS was (a int, b int); TRUNCATE was; INSERT INTO was VALUES (${of(one, 'slot')}, ${of(other, 'slot')})`,
      `UPDATE place SET slot = -1 WHERE id = ${one}`,
      `UPDATE place SET slot = (SELECT a FROM was) WHERE id = ${other}`,
      `UPDATE place SET slot = (SELECT b FROM was) WHERE id = ${one}`,
    ],
    [
      `UPDATE place SET later = CASE id WHEN ${one} THEN ${of(other, 'later')} ELSE ${of(one, 'later')} END WHERE id IN (${one}, ${other})`,
    ],
    [
      `CREATE TEMP TABLE IF NOT EXISTS span (a int4range, b int4range); TRUNCATE span; INSERT INTO span VALUES (${of(one, 'span')}, ${of(other, 'span')})`,
      `UPDATE place SET span = NULL WHERE id = ${one}`,
      `UPDATE place SET span = (SELECT a FROM span) WHERE id = ${other}`,
      `UPDATE place SET span = (SELECT b FROM span) WHERE id = ${one}`,
    ],
    [
      `DELETE FROM place WHERE id = ${one}`,
      `UPDATE place SET slot = NULL WHERE id = ${other}`,
      `INSERT INTO place SELECT ${one}, 1000 + nextval('fresh'), 1000 + nextval('fresh'), NULL`,
      `UPDATE place SET slot = 1000 + nextval('fresh') WHERE id = ${other}`,
    ],
  ])
}

const partitions: Turn = (c) =>
  c.pick([
    [`UPDATE parted SET day = ${c.between(0, 29)} WHERE id = ${c.between(1, 300)}`],
    [`UPDATE parted SET v = ${text(c)} WHERE id BETWEEN ${c.between(1, 300)} AND ${c.between(1, 300)}`],
    [
      `DELETE FROM parted WHERE id = ${c.between(1, 300)}`,
      `INSERT INTO parted VALUES (1000 + nextval('fresh'), ${c.between(0, 29)}, NULL)`,
    ],
    [`UPDATE parted SET day = day + 10 WHERE id = ${c.between(1, 300)}`, `UPDATE parted SET v = 'm' WHERE day > 20`],
  ])

const kinds: Turn = (c) => {
  const table = c.pick(['kinds', '"Odd schema".kinds'])
  const key = `('k${c.between(1, 40)}', '2024-01-0${c.between(1, 3)}')`
  return c.pick([
    [
      `INSERT INTO ${table} (k1, k2, m, ms, p, ps, d, f, r, b, vb, c, j, jb, iv, n, arr, texts, ts, x, ip, u, pt, t, tz, q, rg, o, by, bo)
       SELECT k1, k2::date, ${c.pick(['NULL', `'it''s "fine"'`])}, '{sad,NULL,"it''s \\"fine\\""}', ROW(1, ${text(c)})::pair, ARRAY[ROW(2, ${text(c)})::pair, NULL], 5,
         ${c.pick([`'NaN'`, `'-0'`, `'-Infinity'`, '0.1', '1e300'])}, 0.1, B'101', B'', ${c.pick([`'ab'`, `'é'`])}, '{"a" : 1, "a":2}', '{"b":[1.10]}',
         '1 mon -3 days 04:05:06.7', ${c.pick([`'NaN'`, '1.500', '-0.001'])}, '{1,NULL,3}', ARRAY[['NULL', NULL], [${text(c)}, '{}']], 'a:1A b', '<a>&amp;</a>',
         '10.0.0.1/8', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '(1.5,-0)', '23:59:59.999999', '2024-02-29 23:00+01', 'q', '(,2024-01-01)',
         4294967295, '\\xdeadbeef00', ${c.pick(['true', 'NULL'])} FROM (VALUES ${key}) v(k1, k2) ON CONFLICT DO NOTHING`,
    ],
    [`UPDATE ${table} SET f = -f, arr = arr || 7, jb = jb || '{"c": null}', texts = '{}' WHERE (k1, k2) = ${key}`],
    [
      `UPDATE ${table} SET m = NULL, p = ROW(NULL, NULL), ps = '{}', c = NULL, j = 'null' WHERE k1 = 'k${c.between(1, 40)}'`,
    ],
    [`DELETE FROM ${table} WHERE (k1, k2) = ${key}`],
    [`UPDATE ${table} SET k1 = k1 || 'x' WHERE (k1, k2) = ${key}`],
  ])
}

/** Rows get other keys: one after the other, in rings, and the key of a row that has gone. */
const moves: Turn = (c) => {
  const [one, other] = [c.between(1, 50), c.between(51, 100)]
  return c.pick([
    [
      `UPDATE moved SET a = -1 WHERE a = ${one}`,
      `UPDATE moved SET a = ${one} WHERE a = ${other}`,
      `UPDATE moved SET a = ${other} WHERE a = -1`,
    ],
    [`UPDATE moved SET b = b || 'x', v = v + 1 WHERE a = ${one}`, `UPDATE moved SET v = v + 1 WHERE a = ${one}`],
    [
      `DELETE FROM moved WHERE a = ${one}`,
      `UPDATE moved SET a = ${one} WHERE a = ${other}`,
      `INSERT INTO moved SELECT ${other}, 'b', 0, repeat('new', 2000) WHERE NOT EXISTS (SELECT FROM moved WHERE a = ${other})`,
    ],
    [
      `UPDATE moved SET a = a + 1000 WHERE a BETWEEN ${one} AND ${one + 5}`,
      `UPDATE moved SET a = a - 1000 WHERE a > 1000`,
    ],
    [`UPDATE whole SET id = -id WHERE id = ${one}`, `UPDATE whole SET v = ${text(c)} WHERE abs(id) = ${one}`],
    [`DELETE FROM whole WHERE id = ${one}`, `INSERT INTO whole VALUES (${one}, 'anew', NULL)`],
    [`UPDATE whole SET v = ${text(c)} WHERE id > ${one}`],
  ])
}

const come: Turn = (c) =>
  c.pick([
    [`INSERT INTO emptied SELECT nextval('fresh'), 'v' FROM generate_series(1, ${c.between(1, 9)})`],
    [
      `INSERT INTO emptied VALUES (-nextval('fresh'), 'p')`,
      `INSERT INTO emptied_child SELECT -nextval('fresh'), min(id) FROM emptied`,
    ],
    [`DELETE FROM emptied WHERE id IN (SELECT id FROM emptied ORDER BY random() LIMIT 2)`],
    [
      `UPDATE emptied_child SET parent = (SELECT max(id) FROM emptied) WHERE parent = (SELECT min(id) FROM emptied)`,
      `DELETE FROM emptied WHERE id = (SELECT min(id) FROM emptied)`,
    ],
    [
      `INSERT INTO only_key VALUES ('k' || nextval('fresh'))`,
      `DELETE FROM only_key WHERE k = (SELECT min(k) FROM only_key)`,
    ],
    [`INSERT INTO only_key VALUES ('gone') ON CONFLICT DO NOTHING`, `DELETE FROM only_key WHERE k = 'gone'`],
  ])

/** Of rows that are alike some go, change, and come. */
const keyless: Turn = (c) => {
  const table = c.pick(['heap', '"Odd schema".heap'])
  const some = (a: number) => `ctid IN (SELECT ctid FROM ${table} WHERE a = ${a} LIMIT ${c.between(1, 3)})`
  const [one, other] = [c.between(0, 4), c.between(0, 4)]
  return c.pick([
    [`INSERT INTO ${table} SELECT ${one}, 'b', '{"a" : 1}', 0, NULL FROM generate_series(1, ${c.between(1, 4)})`],
    [`DELETE FROM ${table} WHERE ${some(one)}`],
    [`UPDATE ${table} SET a = ${other} WHERE ${some(one)}`, `UPDATE ${table} SET b = ${text(c)} WHERE ${some(other)}`],
    [
      `UPDATE ${table} SET f = -f, big = repeat('y', 5000) WHERE ${some(one)}`,
      `DELETE FROM ${table} WHERE ${some(one)}`,
    ],
    [
      `UPDATE deferred SET id = id + 1`,
      `UPDATE deferred SET id = id - 1`,
      `UPDATE deferred SET v = ${text(c)} WHERE id = ${one}`,
    ],
    [`DELETE FROM deferred WHERE id = ${one}`, `INSERT INTO deferred VALUES (${one}, 'anew')`],
    [
      `UPDATE unique_only SET u = -u WHERE u = ${c.between(1, 30)}`,
      `UPDATE unique_only SET v = ${text(c)} WHERE u < 0`,
    ],
    [`DELETE FROM unique_only WHERE u = ${one}`, `INSERT INTO unique_only VALUES (${one}, 'anew', NULL)`],
  ])
}

/** Emptied in the middle of a transaction, with what is written before and behind it. */
const truncates: Turn = (c) =>
  c.pick([
    [
      `INSERT INTO emptied VALUES (nextval('fresh'), 'before')`,
      'TRUNCATE emptied CASCADE',
      `INSERT INTO emptied VALUES (nextval('fresh'), 'behind')`,
    ],
    ['TRUNCATE "Odd schema"."Part 2"', `INSERT INTO parted VALUES (nextval('fresh') + 5000, 15, 'behind')`],
    ['TRUNCATE only_key, bank.transfer RESTART IDENTITY'],
    [
      'SAVEPOINT s',
      'TRUNCATE emptied CASCADE',
      'ROLLBACK TO s',
      `INSERT INTO emptied VALUES (nextval('fresh'), 'kept')`,
    ],
  ])

export const TURNS: readonly Turn[] = [
  ...[transfer, transfer, transfer, savepoints, toast, swaps, partitions, kinds, moves, come, keyless, keyless],
]
/** What a copy does not bear again and again. */
export const LATE_TURNS: readonly Turn[] = [truncates]

/** A transaction that is larger than what is held: rows come, change, and half of them go. */
export function bulk(rows: number): readonly string[] {
  return [
    'DELETE FROM bulk',
    `INSERT INTO bulk SELECT n, n FROM generate_series(1, ${rows}) n`,
    `UPDATE bulk SET v = -v WHERE id % 3 = 0`,
    `DELETE FROM bulk WHERE id % 2 = 0`,
    `UPDATE bank.account SET balance = balance - 1 WHERE id = 1`,
    `UPDATE bank.account SET balance = balance + 1 WHERE id = 2`,
  ]
}
