CREATE TABLE indexed (id bigint PRIMARY KEY, code text NOT NULL, kind integer NOT NULL, at timestamptz NOT NULL, amount numeric(12,2) NOT NULL);
INSERT INTO indexed SELECT n, md5(n::text), n % 1000, timestamptz '2020-01-01 UTC' + n % 977 * interval '1 hour', n * 1.37 % 100000
  FROM generate_series(1, :count) n;
CREATE UNIQUE INDEX ON indexed (code);
CREATE INDEX ON indexed (kind);
CREATE INDEX ON indexed (at, kind);
CREATE INDEX ON indexed (amount);
