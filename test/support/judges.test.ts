import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSampleRoles, loadSample } from '../../cli/demo/sample.ts'
import { createHostileDatabase } from '../fixtures/hostile.ts'
import { type Fingerprint, fingerprint } from './judges/fingerprint.ts'
import { compareDatabases, compareFingerprints, largeObjectHashes, rowHashes, sequenceValues } from './judges.ts'
import { adoptDatabase, createDatabase, type ServerAddress, sharedServer, type TestDatabase } from './servers.ts'

const samples = new URL('../../cli/demo/sample/', import.meta.url)

async function sampleObjects(): Promise<string> {
  const names = (await readdir(samples)).filter((name) => /^\d\d-(?!rows|statistics).*\.sql$/.test(name)).toSorted()
  const scripts = await Promise.all(names.map((name) => readFile(new URL(name, samples), 'utf8')))
  // The rights speak of a large object that comes with the rows.
  return ["SELECT lo_from_bytea(900001, '')", ...scripts].join(';\n')
}

describe('two equal databases', () => {
  test('of the sample, on 15 and on 18, show no difference', { tags: 'long' }, async () => {
    const databases = await Promise.all(([15, 18] as const).map((major) => loadJudged(sharedServer(major))))
    const [source, destination] = databases
    if (source === undefined || destination === undefined) throw new Error('two databases')
    expect(await compareDatabases(source, destination, { owners: true })).toEqual([])
  })

  test('of hostile values and names, on 15 and on 18, show no difference', { tags: 'long' }, async () => {
    const source = await createHostileDatabase(sharedServer(15))
    expect(await compareDatabases(source, await createHostileDatabase(sharedServer(18)), { owners: true })).toEqual([])
  })

  test('where one holds a ledger show no difference', { tags: 'long' }, async () => {
    const plain = await createDatabase(sharedServer(18), 'CREATE TABLE t (a int)')
    const ledger =
      'CREATE SCHEMA sampan CREATE TABLE run (id int PRIMARY KEY) CREATE VIEW v AS SELECT 1 AS a; COMMENT ON TABLE sampan.run IS $$x$$'
    const carrier = await createDatabase(sharedServer(18), `CREATE TABLE t (a int); ${ledger}`)
    expect(await compareDatabases(plain, carrier)).toEqual([])
  })

  async function loadJudged(server: ServerAddress): Promise<TestDatabase> {
    const name = `shop_${randomUUID()}`
    await loadSample(server, name)
    return adoptDatabase(server, name)
  }
})

describe('a difference in the objects is found:', () => {
  let client: Client
  let before: Fingerprint

  beforeAll(async () => {
    const server = sharedServer(18)
    await createSampleRoles(server)
    client = await (await createDatabase(server, await sampleObjects())).connect()
    before = await fingerprint(client, { owners: true })
  })

  test.each([
    ['a schema', 'CREATE SCHEMA more', '+ schema more: exists'],
    ['an extension', 'CREATE EXTENSION unaccent', '+ extension unaccent'],
    ['a table', 'DROP TABLE shop.cart', '- relation shop.cart'],
    ['persistence', 'ALTER TABLE shop.cart SET LOGGED', '- relation shop.cart: kind r u'],
    ['storage options', 'ALTER TABLE shop.customer RESET (fillfactor)', '+ relation shop.customer'],
    ['row security', 'ALTER TABLE shop.review NO FORCE ROW LEVEL SECURITY', '+ relation shop.review'],
    ['replica identity', 'ALTER TABLE shop.page_view REPLICA IDENTITY NOTHING', '+ relation shop.page_view'],
    [
      'an unfilled materialized view',
      'REFRESH MATERIALIZED VIEW analytics.sales_by_month WITH NO DATA',
      '+ relation analytics.sales_by_month',
    ],
    [
      'a partition that is none',
      'ALTER TABLE shop."order" DETACH PARTITION shop.order_2025',
      '- parent shop.order_2025',
    ],
    ['inheritance', 'ALTER TABLE shop.supplier NO INHERIT shop.person', '- parent shop.supplier'],
    ['a column', 'ALTER TABLE shop.cart ADD COLUMN extra int', '+ column shop.cart . extra'],
    ['the type of a column', 'ALTER TABLE shop.cart ALTER id TYPE bigint', '+ column shop.cart . id: bigint'],
    [
      'the length of a column',
      'ALTER TABLE shop.product ALTER sku TYPE varchar(21)',
      '+ column shop.product . sku: character varying(21)',
    ],
    ['NOT NULL', 'ALTER TABLE shop.cart ALTER id DROP NOT NULL', '+ column shop.cart . id'],
    ['a default', 'ALTER TABLE shop.country ALTER currency SET DEFAULT $$SGD$$', '+ column shop.country . currency'],
    [
      'a generated column',
      'ALTER TABLE shop.customer ALTER initials DROP EXPRESSION',
      '+ column shop.customer . initials',
    ],
    ['identity', 'ALTER TABLE shop.person ALTER id SET GENERATED ALWAYS', '+ column shop.person . id'],
    ['collation', 'ALTER TABLE shop.country ALTER name TYPE text COLLATE "default"', '+ column shop.country . name'],
    [
      'how values are stored',
      'ALTER TABLE shop.product ALTER attributes SET STORAGE MAIN',
      '+ column shop.product . attributes',
    ],
    ['compression', 'ALTER TABLE shop.review ALTER body SET COMPRESSION pglz', '+ column shop.review . body'],
    ['a statistics target', 'ALTER TABLE shop.product ALTER name SET STATISTICS 100', '+ column shop.product . name'],
    ['column options', 'ALTER TABLE shop.product ALTER name SET (n_distinct = 5)', '+ column shop.product . name'],
    [
      'the order of columns',
      'DROP TABLE shop.cart; CREATE UNLOGGED TABLE shop.cart (items jsonb, id int NOT NULL)',
      '+ position shop.cart',
    ],
    ['an index', 'DROP INDEX shop.customer_tags', '- index shop.customer_tags'],
    [
      'an index expression',
      'DROP INDEX shop.product_name; CREATE INDEX product_name ON shop.product (upper(name) text_pattern_ops)',
      '+ index shop.product_name',
    ],
    [
      'an invalid index',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.customer_tags'::regclass`,
      '+ index shop.customer_tags',
    ],
    ['clustering', 'ALTER TABLE shop.customer SET WITHOUT CLUSTER', '+ index shop.customer_email'],
    ['a primary key', 'ALTER TABLE shop.audit_log DROP CONSTRAINT audit_log_pkey', '- constraint audit_log_pkey'],
    ['a check', 'ALTER TABLE shop.stock DROP CONSTRAINT not_negative', '- constraint not_negative'],
    [
      'a check that was not validated',
      'ALTER TABLE shop.review VALIDATE CONSTRAINT stars_exist',
      '- constraint stars_exist',
    ],
    [
      'a foreign key',
      'ALTER TABLE shop.review DROP CONSTRAINT review_product_id_fkey',
      '- constraint review_product_id_fkey',
    ],
    ['deferrability', 'ALTER TABLE shop.customer ALTER CONSTRAINT favourite NOT DEFERRABLE', '+ constraint favourite'],
    [
      'an exclusion constraint',
      'ALTER TABLE shop.price_history DROP CONSTRAINT one_price_at_a_time',
      '- constraint one_price_at_a_time',
    ],
    ['a trigger', 'DROP TRIGGER stock_low ON shop.stock', '- trigger stock_low'],
    ['whether a trigger fires', 'ALTER TABLE shop.stock ENABLE TRIGGER stock_off', '+ trigger stock_off'],
    ['a rule', 'DROP RULE keep_countries ON shop.country', '- rule keep_countries'],
    ['a policy', 'ALTER POLICY own_reviews ON shop.review TO shop_reader', '+ policy own_reviews'],
    [
      'a view',
      'CREATE OR REPLACE VIEW shop.good_review AS SELECT id, product_id, stars FROM shop.review WHERE stars >= 5 WITH LOCAL CHECK OPTION',
      '+ view shop.good_review',
    ],
    [
      'the table a view reads',
      'CREATE TABLE review (LIKE shop.review); CREATE OR REPLACE VIEW shop.good_review AS SELECT id, product_id, stars FROM public.review WHERE stars >= 4 WITH LOCAL CHECK OPTION',
      '+ view reads shop.good_review: public.review',
    ],
    [
      'the options of a view',
      'ALTER VIEW shop.customer_value RESET (security_barrier)',
      '+ relation shop.customer_value',
    ],
    ['a sequence', 'ALTER SEQUENCE shop.invoice_number NO CYCLE', '+ sequence shop.invoice_number'],
    [
      'the owner column of a sequence',
      'ALTER SEQUENCE shop.audit_log_id_seq OWNED BY NONE',
      '+ sequence shop.audit_log_id_seq',
    ],
    ['extended statistics', 'DROP STATISTICS shop.product_kinds', '- statistics shop.product_kinds'],
    ['an enum label', `ALTER TYPE shop.payment_method RENAME VALUE 'card' TO 'Card'`, '+ type shop.payment_method'],
    ['a domain', 'ALTER DOMAIN shop.percentage DROP NOT NULL', '+ type shop.percentage'],
    [
      'a check of a domain',
      'ALTER DOMAIN shop.email DROP CONSTRAINT has_an_at',
      '- constraint has_an_at on shop.email',
    ],
    [
      'an attribute of a composite',
      'ALTER TYPE shop.address ADD ATTRIBUTE planet text',
      '+ column shop.address . planet',
    ],
    ['a range', 'CREATE TYPE shop.r AS RANGE (subtype = float8)', '+ type shop.r'],
    [
      'the body of a function',
      `CREATE OR REPLACE FUNCTION shop.write_audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
      '+ routine shop.write_audit()',
    ],
    ['volatility', 'ALTER FUNCTION shop.find_product(text, text[]) VOLATILE', '+ routine shop.find_product'],
    [
      'a setting of a function',
      'ALTER FUNCTION shop.find_product(text, text[]) RESET search_path',
      '+ routine shop.find_product',
    ],
    ['a procedure', 'DROP PROCEDURE shop.send_order', '- routine shop.send_order'],
    ['a function with a parsed body', 'DROP FUNCTION shop.orders_of', '- parsed routine shop.orders_of'],
    ['an aggregate', 'DROP AGGREGATE shop.total(shop.amount)', '- aggregate shop.total(shop.amount)'],
    ['an operator', 'DROP OPERATOR shop.+ (shop.amount, shop.amount)', '- operator shop.+(shop.amount,shop.amount)'],
    [
      'an operator class',
      'CREATE OPERATOR CLASS shop.c FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 btint4cmp(int4, int4)',
      '+ operator class shop.c',
    ],
    ['a cast', 'DROP CAST (shop.amount AS text)', '- cast (shop.amount AS pg_catalog.text)'],
    ['a collation', `CREATE COLLATION shop.german (provider = icu, locale = 'de')`, '+ collation shop.german'],
    [
      'a text search configuration',
      'CREATE TEXT SEARCH CONFIGURATION shop.plain (COPY = simple)',
      '+ text search shop.plain',
    ],
    ['a foreign server', 'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w', '+ foreign server s'],
    [
      'an event trigger',
      `CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION e()`,
      '+ event trigger e',
    ],
    ['a publication', 'CREATE PUBLICATION p FOR TABLE shop.country', '+ publication p'],
    ['a comment', 'COMMENT ON TABLE shop.cart IS $$new$$', '+ comment table shop.cart: new'],
    [
      'a comment on a column',
      'COMMENT ON COLUMN shop.customer.changed_at IS NULL',
      '- comment table column shop.customer.changed_at',
    ],
    ['a right', 'REVOKE SELECT ON shop.cart FROM shop_reader', '- right shop.cart: shop_reader may SELECT'],
    [
      'a right that may be passed on',
      'REVOKE GRANT OPTION FOR INSERT ON shop."order" FROM shop_clerk',
      '+ right shop."order": shop_clerk may INSERT',
    ],
    [
      'a right on a column',
      'REVOKE UPDATE (name) ON shop.customer FROM shop_clerk',
      '- right shop.customer.name: shop_clerk may UPDATE',
    ],
    [
      'a right on a function',
      'GRANT EXECUTE ON FUNCTION shop.find_product TO PUBLIC',
      '+ right shop.find_product(pg_catalog.text,pg_catalog.text[]): PUBLIC may EXECUTE',
    ],
    [
      'a right on a schema',
      'REVOKE USAGE ON SCHEMA analytics FROM shop_reader',
      '- right analytics: shop_reader may USAGE',
    ],
    [
      'a default right',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA analytics REVOKE SELECT ON TABLES FROM shop_reader',
      '- default right',
    ],
    ['an owner', 'ALTER TABLE shop.cart OWNER TO shop_clerk', '+ owner shop.cart: belongs to shop_clerk'],
  ])('%s', async (_what, sql, line) => {
    await client.query('BEGIN; SET LOCAL search_path = public')
    try {
      await client.query(sql)
      const differences = compareFingerprints(before, await fingerprint(client, { owners: true }))
      expect(differences.filter((difference) => difference.startsWith(line))).not.toEqual([])
    } finally {
      await client.query('ROLLBACK')
    }
  })

  test('and nothing that was not changed', async () => {
    expect(compareFingerprints(before, await fingerprint(client, { owners: true }))).toEqual([])
  })

  test('across majors too, where only the printing of queries is forgiven', () => {
    const line = (text: string): Fingerprint => ({ major: 15, lines: [text] })
    const newer = (text: string): Fingerprint => ({ major: 18, lines: [text] })
    expect(compareFingerprints(line('view v: SELECT t.a FROM s.t'), newer('view v: SELECT a FROM s.t'))).toEqual([])
    expect(compareFingerprints(line('view v: SELECT t.a FROM s.t'), newer('view v: SELECT b FROM s.t'))).toHaveLength(2)
    expect(compareFingerprints(line('index i: ON s.t (a)'), newer('index i: ON t (a)'))).toHaveLength(2)
  })
})

describe('a difference in the data is found:', () => {
  let client: Client

  beforeAll(async () => {
    client = await (
      await createHostileDatabase(sharedServer(18), { rowBytes: 1000, columns: 20, tables: 1, duplicates: 2 })
    ).connect()
  })

  test.each([
    [
      'one duplicate less',
      'DELETE FROM hostile.duplicates WHERE ctid = (SELECT max(ctid) FROM hostile.duplicates)',
      'hostile.duplicates',
    ],
    [
      'one duplicate in the place of another',
      `UPDATE hostile.duplicates SET b = '', a = 2, c = 'NaN' WHERE ctid = (SELECT max(ctid) FROM hostile.duplicates WHERE a IS NULL)`,
      'hostile.duplicates',
    ],
    [
      'minus zero',
      `UPDATE hostile.duplicates SET c = 0 WHERE ctid = (SELECT min(ctid) FROM hostile.duplicates WHERE c = 0)`,
      'hostile.duplicates',
    ],
    ['NULL and the empty text', 'UPDATE hostile.texts SET t = $$$$ WHERE id = 1', 'hostile.texts'],
    ['NULL and its name', 'UPDATE hostile.texts SET t = $$null$$ WHERE id = 1', 'hostile.texts'],
    [
      'a blank at the end',
      'UPDATE hostile.nearly_duplicates SET a = $$a$$ WHERE a = $$a $$',
      'hostile.nearly_duplicates',
    ],
    [
      'another way to write é',
      `UPDATE hostile.nearly_duplicates SET a = U&'\\00E9' WHERE a = U&'e\\0301'`,
      'hostile.nearly_duplicates',
    ],
    ['trailing zeros of a numeric', 'UPDATE hostile.numbers SET n = 1.1 WHERE id = 5', 'hostile.numbers'],
    ['the last digit of a float', 'UPDATE hostile.numbers SET f8 = 0.3 WHERE id = 8', 'hostile.numbers'],
    ['a microsecond', `UPDATE hostile.times SET ts = ts + interval '1 microsecond' WHERE id = 7`, 'hostile.times'],
    ['a month of thirty days', `UPDATE hostile.times SET i = '30 days' WHERE id = 8`, 'hostile.times'],
    ['white space in json', `UPDATE hostile.documents SET j = '""' WHERE id = 6`, 'hostile.documents'],
    [
      'the lower bound of an array',
      `UPDATE hostile.structures SET es = '{"a,b","z{}"}' WHERE id = 3`,
      'hostile.structures',
    ],
    ['a row of NULLs and NULL', 'UPDATE hostile.structures SET p = NULL WHERE id = 3', 'hostile.structures'],
    [
      'one byte of a long row',
      `UPDATE hostile.long_rows SET b = set_byte(b, 100, 1) WHERE id = 2`,
      'hostile.long_rows',
    ],
    ['a row without columns', 'INSERT INTO hostile.zero_columns DEFAULT VALUES', 'hostile.zero_columns'],
    ['values in each other’s columns', `UPDATE hostile.shapes SET a = '(0,0)' WHERE b = '{1,-1,0}'`, 'hostile.shapes'],
    [
      'a row of the parent that belongs to the child',
      'DELETE FROM ONLY hostile.ancestor WHERE ctid = (SELECT min(ctid) FROM ONLY hostile.ancestor)',
      'hostile.ancestor',
    ],
    ['a row in the default partition', 'DELETE FROM hostile.deep_rest', 'hostile.deep'],
    ['a row that a policy hides', 'DELETE FROM hostile.guarded WHERE id = 7', 'hostile.guarded'],
    ['a table that is missing', 'DROP TABLE hostile.bits', 'hostile.bits'],
  ])('%s', async (_what, sql, table) => {
    const before = await rowHashes(client)
    await client.query('BEGIN; SET LOCAL search_path = public')
    await client.query(sql)
    const after = await rowHashes(client)
    await client.query('ROLLBACK')
    const differing = [...before.keys()].filter(
      (name) => JSON.stringify(before.get(name)) !== JSON.stringify(after.get(name)),
    )
    expect(differing).toEqual([table])
  })

  test('the order of rows is none', async () => {
    const before = await rowHashes(client)
    await client.query('BEGIN; UPDATE hostile.duplicates SET a = a WHERE a = 1')
    expect(await rowHashes(client)).toEqual(before)
    await client.query('ROLLBACK')
  })

  test('what a sequence gives next, and whether it was called', async () => {
    const before = await sequenceValues(client)
    expect(before.get('hostile.set_back')).toBe('41, false')
    await client.query(`SELECT setval('hostile.set_back', 41, true)`)
    const after = await sequenceValues(client)
    expect(after.get('hostile.set_back')).toBe('41, true')
    expect(after.get('hostile.small_one')).toBe(before.get('hostile.small_one'))
  })

  test('one byte of a large object', async () => {
    const before = await largeObjectHashes(client)
    await client.query(`SELECT lo_put(910001, 1, '\\xfe')`)
    const after = await largeObjectHashes(client)
    expect([...before.keys()].filter((id) => before.get(id) !== after.get(id))).toEqual(['910001'])
  })
})

test('a comparison names what is missing, what is too much, and what differs', async () => {
  const [left, right] = await Promise.all([
    createDatabase(
      sharedServer(15),
      'CREATE TABLE a (x int); CREATE TABLE b (x int); INSERT INTO b VALUES (1); CREATE SEQUENCE s',
    ),
    createDatabase(
      sharedServer(18),
      'CREATE TABLE b (x int, y int); INSERT INTO b VALUES (2); CREATE TABLE c (); CREATE SEQUENCE s; SELECT nextval($$s$$)',
    ),
  ])
  const differences = await compareDatabases(left, right)
  for (const line of [
    '- rows of public.a:',
    '≠ rows of public.b:',
    '+ rows of public.c:',
    '≠ sequence public.s: 1, false ≠ 1, true',
    '+ column public.b . y',
    '- Name: a; Type: TABLE;',
  ]) {
    expect(differences.filter((difference) => difference.startsWith(line))).toHaveLength(1)
  }
  expect(await compareDatabases(left, right, { except: [/./] })).toEqual([])
})
