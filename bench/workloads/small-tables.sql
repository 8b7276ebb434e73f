DO $$
BEGIN
  FOR t IN 1 .. :count LOOP
    EXECUTE format('CREATE TABLE small_%1$s (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now());
      INSERT INTO small_%1$s SELECT n, ''row '' || n FROM generate_series(1, 100) n;
      CREATE INDEX ON small_%1$s (name)', t);
    -- Each table takes locks until the end of its transaction.
    IF t % 100 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$;
