CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 10000) n;
CREATE TABLE wide (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer integer NOT NULL, kind text NOT NULL,
  amount numeric(12,2) NOT NULL, at timestamptz NOT NULL, day date NOT NULL, uid uuid NOT NULL, paid boolean NOT NULL,
  ratio double precision, address inet, tags text[], payload jsonb, note text, raw bytea, small smallint, span interval);
INSERT INTO wide (customer, kind, amount, at, day, uid, paid, ratio, address, tags, payload, note, raw, small, span)
SELECT 1 + n % 10000, 'kind ' || n % 7, n * 1.37 % 100000, timestamptz '2020-01-01 UTC' + n * interval '7 s',
       date '2020-01-01' + n % 2000, md5(n::text)::uuid, n % 3 = 0, sqrt(n),
       ('10.' || n % 256 || '.' || n / 256 % 256 || '.1')::inet, ARRAY['a' || n % 5, 'b' || n % 11],
       jsonb_build_object('n', n, 'path', '/orders/' || n, 'flags', jsonb_build_array(n % 2 = 0, null)),
       CASE WHEN n % 4 > 0 THEN repeat('note ' || n || ' ', 12) END, decode(md5((n + 1)::text), 'hex'), n % 30000,
       n % 100 * interval '1 minute'
  FROM generate_series(1, :count) n;
CREATE INDEX ON wide (at);
CREATE INDEX ON wide (customer, at);
CREATE UNIQUE INDEX ON wide (uid);
ALTER TABLE wide ADD FOREIGN KEY (customer) REFERENCES customer;
