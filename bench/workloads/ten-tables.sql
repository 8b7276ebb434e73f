CREATE TABLE region (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO region SELECT n, 'region ' || n FROM generate_series(1, 1000) n;
DO $$
BEGIN
  FOR t IN 1 .. 10 LOOP
    EXECUTE format('CREATE TABLE large_%1$s (id bigint PRIMARY KEY, region integer NOT NULL, code text NOT NULL, amount numeric(12,2) NOT NULL,
        at timestamptz NOT NULL, note text);
      INSERT INTO large_%1$s SELECT n, 1 + n %% 1000, md5(n::text), n * 1.37 %% 100000, timestamptz ''2020-01-01 UTC'' + n * interval ''7 s'', ''note '' || n
        FROM generate_series(1, :count) n;
      CREATE INDEX ON large_%1$s (region); CREATE INDEX ON large_%1$s (at, region);
      ALTER TABLE large_%1$s ADD FOREIGN KEY (region) REFERENCES region', t);
  END LOOP;
END $$;
