export const TABLES = ['accounts', 'tellers', 'branches', 'history', 'bulk', 'heap', 'mark'] as const

export const SCHEMA = `
  CREATE TABLE branches (bid int PRIMARY KEY, balance int, filler char(88));
  CREATE TABLE tellers (tid int PRIMARY KEY, bid int, balance int, filler char(84));
  CREATE TABLE accounts (aid int PRIMARY KEY, bid int, balance int, filler char(84));
  CREATE TABLE history (id bigserial PRIMARY KEY, tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
  CREATE TABLE bulk (id int PRIMARY KEY, a int, b text);
  CREATE TABLE heap (a int, b text);
  ALTER TABLE heap REPLICA IDENTITY FULL;
  CREATE TABLE mark (id int PRIMARY KEY, n int);
  INSERT INTO mark VALUES (1, 0);
  INSERT INTO branches SELECT n, 0 FROM generate_series(1, 10) n;
  INSERT INTO tellers SELECT n, n / 10, 0 FROM generate_series(1, 100) n;
  INSERT INTO accounts SELECT n, n / 10000, 0 FROM generate_series(1, 100000) n;
  INSERT INTO heap SELECT n, md5(n::text) FROM generate_series(1, 100000) n;`

/** What pgbench does, each turn a transaction, and no client between. */
export const PREPARE = `
  CREATE PROCEDURE load(many int) LANGUAGE plpgsql AS $$
  DECLARE a int; t int; b int; d int;
  BEGIN
    FOR i IN 1 .. many LOOP
      a := 1 + random() * 99999; t := 1 + random() * 99; b := 1 + random() * 9; d := random() * 1000;
      UPDATE accounts SET balance = balance + d WHERE aid = a;
      UPDATE tellers SET balance = balance + d WHERE tid = t;
      UPDATE branches SET balance = balance + d WHERE bid = b;
      INSERT INTO history (tid, bid, aid, delta, mtime) VALUES (t, b, a, d, now());
      COMMIT;
    END LOOP;
  END $$;
  CREATE PUBLICATION theirs FOR ALL TABLES`

export interface Load {
  readonly title: string
  /** How many changes of rows it makes. */
  readonly changes: number
  readonly sql: string
}

export const pgbench = (transactions: number): Load => ({
  title: `${transactions.toLocaleString('en')} transactions of pgbench`,
  changes: transactions * 4,
  sql: `CALL load(${transactions})`,
})

export const keyless = (round: number): Load => ({
  title: '2,000 changes of a table of 100,000 rows without a key',
  changes: 2_000,
  sql: `UPDATE heap SET b = 'x' || b WHERE a % 100 = ${round}; DELETE FROM heap WHERE a % 100 = ${50 + round}`,
})

export const large = (round: number, rows: number): Load => ({
  title: `${rows.toLocaleString('en')} rows inserted by one transaction`,
  changes: rows,
  sql: `INSERT INTO bulk SELECT ${round * rows} + n, n, md5(n::text) FROM generate_series(1, ${rows}) n`,
})
