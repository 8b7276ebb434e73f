-- About 200,000 rows, the same ones every time.

-- A number from 0 to n - 1 that looks random and depends on nothing but its arguments.
CREATE FUNCTION pg_temp.pick(salt text, i bigint, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
  AS $$ SELECT ((('x' || left(md5(salt || i), 7))::bit(28)::integer) % n) $$;
CREATE FUNCTION pg_temp.choose(salt text, i bigint, VARIADIC among text[]) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT among[1 + pg_temp.pick(salt, i, cardinality(among))] $$;
CREATE FUNCTION pg_temp.order_time(i bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE
  AS $$ SELECT '2022-12-01 00:00:00+00'::timestamptz + i * interval '41 minutes 7.654321 seconds' $$;

INSERT INTO shop.country VALUES
  ('AT', 'Österreich', 'EUR'), ('CH', 'Schweiz', 'CHF'), ('CN', '中国', 'CNY'), ('DE', 'Deutschland', 'EUR'),
  ('GR', 'Ελλάδα', 'EUR'), ('IN', 'भारत', 'INR'), ('JP', '日本', 'JPY'), ('SG', 'Singapore', 'SGD'), ('US', 'United States', 'USD');

INSERT INTO shop.warehouse VALUES
  (1, 'Frankfurt', '(50.11,8.68)', '[06:00,22:00)', NULL),
  (2, 'Singapore', '(1.35,103.82)', '[00:00,24:00)', NULL),
  (3, 'Virginia', '(38.95,-77.45)', 'empty', NULL);

INSERT INTO shop.person (id, name, born)
  SELECT i, 'Visitor ' || i, date '1950-01-01' + pg_temp.pick('born', i, 20000) FROM generate_series(1, 200) i;
INSERT INTO shop.employee (id, name, born, warehouse_id, salary)
  SELECT 1000 + i, pg_temp.choose('first', i, 'Ada', 'Grace', 'Linus', 'Edgar', 'Michael', 'Barbara') || ' ' || i,
    date '1960-01-01' + pg_temp.pick('age', i, 15000), 1 + pg_temp.pick('house', i, 3), 2000 + pg_temp.pick('salary', i, 500000) / 100.0
  FROM generate_series(1, 300) i;
INSERT INTO shop.supplier (id, name, born, company, share)
  SELECT 2000 + i, 'Agent ' || i, NULL, pg_temp.choose('firm', i, 'Acme', 'Globex', 'Initech') || ' & Söhne', pg_temp.pick('share', i, 10001) / 100.0
  FROM generate_series(1, 100) i;
SELECT setval(pg_get_serial_sequence('shop.person', 'id'), 2100);

INSERT INTO shop.category (parent_id, name)
  SELECT NULLIF(i / 10, 0), pg_temp.choose('category', i, 'Books', 'Tea', 'Tools', 'Toys', 'Boats') || ' ' || i FROM generate_series(1, 120) i;

INSERT INTO shop.product (id, sku, name, category_id, price, discount, weight, dimensions, sold_during, attributes)
  SELECT i * 5, 'SKU-' || lpad(i::text, 6, '0'),
    pg_temp.choose('adjective', i, 'Small', 'Fine', 'Grand', 'Plain', 'Odd') || ' ' || pg_temp.choose('noun', i, 'lamp', 'kettle', 'rudder', 'atlas', 'knot', 'sail') || ' ' || i,
    1 + pg_temp.pick('in', i, 120),
    ROW(1 + pg_temp.pick('price', i, 50000) / 100.0, pg_temp.choose('currency', i, 'EUR', 'USD', 'SGD'))::shop.amount,
    pg_temp.pick('discount', i, 31), pg_temp.pick('weight', i, 100000) / 7.0,
    ARRAY[pg_temp.pick('x', i, 90), NULL, pg_temp.pick('z', i, 90)],
    CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN daterange('2020-01-01', NULL) ELSE daterange('2020-01-01', date '2021-01-01' + i) END,
    public.hstore('colour', pg_temp.choose('colour', i, 'red', 'blue', NULL)) OPERATOR(public.||) public.hstore('note', 'a "quoted" \ value')
  FROM generate_series(1, 2000) i;
SELECT setval(pg_get_serial_sequence('shop.product', 'id'), 10000);

INSERT INTO shop.customer (email, name, home, tags, preferences)
  SELECT format('%s.%s@Example.%s', pg_temp.choose('given', i, 'mei', 'joão', 'anna', 'omar', 'zoë', 'li'), i, pg_temp.choose('tld', i, 'com', 'org', 'sg')),
    pg_temp.choose('name', i, 'Mei', 'João', 'Anna', 'Omar', 'Zoë', 'Li') || ' ' || pg_temp.choose('family', i, 'Tan', 'O''Hara', 'da Silva', 'Müller', 'Øster', '王') || ' ' || i,
    CASE WHEN i % 11 > 0 THEN ROW('Long Road ' || i % 300, pg_temp.choose('town', i, 'Kiel', 'Penang', 'Boston'), lpad((i % 99999)::text, 5, '0'), pg_temp.choose('land', i, 'DE', 'SG', 'US'))::shop.address END,
    CASE i % 4 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['vip'] WHEN 2 THEN ARRAY['news', NULL, 'a,b {c} "d"'] ELSE ARRAY[''] END,
    CASE i % 5 WHEN 0 THEN NULL ELSE jsonb_build_object('lang', pg_temp.choose('lang', i, 'de', 'en', 'zh'), 'limit', i * 1.10, 'nested', jsonb_build_array(i, NULL, true)) END
  FROM generate_series(1, 12000) i;

INSERT INTO shop."order" (id, placed_at, customer_id, state, note)
  SELECT i, pg_temp.order_time(i), 1 + pg_temp.pick('customer', i, 12000),
    pg_temp.choose('state', i, 'new', 'paid', 'on hold', 'packed', 'sent', 'sent', 'sent', 'returned')::shop.order_state,
    CASE i % 50 WHEN 0 THEN E'leave at the door\n\tplease' WHEN 1 THEN '' WHEN 2 THEN '\N' WHEN 3 THEN 'backslash \ and "quotes"' END
  FROM generate_series(1, 40000) i;

INSERT INTO shop."Order Items" ("Order", "Placed At", "Line No", product_id, "Quantity", "Unit Price", "Gift ""wrapped""? 🎁", "Remark
for the driver")
  SELECT i, pg_temp.order_time(i), line, 5 * (1 + pg_temp.pick('product' || line, i, 2000)), 1 + (i * line) % 7,
    1 + pg_temp.pick('unit', i * 5 + line, 20000) / 100.0, i % 9 = 0, CASE WHEN i % 40 = 0 THEN 'ring twice' END
  FROM generate_series(1, 40000) i, generate_series(1, 1 + (i % 4)) line;

UPDATE shop.customer c SET favourite_order = c.id, favourite_placed = pg_temp.order_time(c.id) WHERE c.id % 6 = 0;

INSERT INTO shop.payment (id, order_id, method, paid, details, client, at, waited)
  SELECT md5('payment' || i)::uuid, i, pg_temp.choose('method', i, 'card', 'transfer', 'invoice', 'voucher')::shop.payment_method,
    ROW(pg_temp.pick('paid', i, 90000) / 100.0, 'EUR')::shop.amount, CASE WHEN i % 3 = 0 THEN jsonb_build_object('attempt', i % 4, 'ok', true) END,
    inet '10.0.0.0' + i, '2023-01-01'::timestamp + i * interval '1 hour 0.123 seconds', make_interval(mins => -(i % 1000), secs => 0.5)
  FROM generate_series(1, 10000) i;

-- Each row three times over, and nothing tells the three apart.
INSERT INTO shop.page_view
  SELECT date '2024-06-01' + i % 30, '/' || pg_temp.choose('page', i, 'home', 'tea', 'boats', 'cart') , NULLIF(i % 500, 0), (i % 97) / 3.0::real
  FROM generate_series(1, 7000) i, generate_series(1, 3);

INSERT INTO shop.price_history
  SELECT p * 5, daterange(date '2020-01-01' + 400 * n, date '2020-01-01' + 400 * (n + 1)), 1 + pg_temp.pick('then', p * 3 + n, 9999) / 100.0
  FROM generate_series(1, 2000) p, generate_series(0, 1) n;

INSERT INTO shop.stock
  SELECT p * 5, w, pg_temp.pick('stock', p * 3 + w, 500), CASE WHEN p % 2 = 0 THEN 'infinity'::timestamptz END
  FROM generate_series(1, 2000) p, generate_series(1, 3) w;

INSERT INTO shop.review (product_id, author, stars, body)
  SELECT 5 * (1 + pg_temp.pick('reviewed', i, 2000)), pg_temp.choose('author', i, 'shop_reader', 'shop_clerk', 'postgres'), 1 + pg_temp.pick('stars', i, 5),
    repeat(md5('review' || i) || ' ', 1 + i % 20) FROM generate_series(1, 5000) i;

SELECT lo_from_bytea(900001, convert_to('The first scanned page', 'UTF8'));
SELECT lo_from_bytea(900002, decode(string_agg(md5('page' || i), ''), 'hex')) FROM generate_series(1, 5000) i;
SELECT lo_from_bytea(900003, ''::bytea);
COMMENT ON LARGE OBJECT 900001 IS 'A scan, kept as a large object';
INSERT INTO shop.document
  SELECT i, 'Document ' || i, CASE WHEN i <= 3 THEN 900000 + i END, decode(md5('thumbnail' || i), 'hex'), i::bit(32) FROM generate_series(1, 50) i;

INSERT INTO shop.audit_log (at, what, before)
  SELECT '2024-01-01 00:00:00+00'::timestamptz + i * interval '1 minute', 'imported', jsonb_build_object('row', i) FROM generate_series(1, 1000) i;

INSERT INTO shop.door_bell SELECT FROM generate_series(1, 5);
INSERT INTO shop.cart SELECT i, jsonb_build_array(i) FROM generate_series(1, 20) i;
INSERT INTO "Archive 2019"."Old Orders"
  SELECT i, CASE WHEN i % 7 > 0 THEN 'Customer ' || i END, ARRAY['a tea', 'a boat', NULL] FROM generate_series(1, 1000) i;

SELECT nextval('shop.invoice_number') FROM generate_series(1, 42);
SELECT nextval('shop.countdown') FROM generate_series(1, 3);
