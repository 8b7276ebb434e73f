CREATE TABLE keyless (id bigint, note text, val numeric(10,2), at timestamptz);
INSERT INTO keyless SELECT n, 'entry number ' || n || ' of the log', n % 10000 / 7.0, timestamptz '2021-01-01 UTC' + n * interval '1 s'
  FROM generate_series(1, :count) n;
