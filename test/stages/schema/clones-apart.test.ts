import { expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

/** What is between a partition and what its trigger differs from fires as the root does, or is further up; names would put children first. */
const SOURCE = `
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TABLE z_root (a int, b int REFERENCES parent) PARTITION BY RANGE (a);
  CREATE TABLE mid PARTITION OF z_root FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (b);
  CREATE TABLE lower PARTITION OF mid FOR VALUES FROM (0) TO (50) PARTITION BY RANGE (a);
  CREATE TABLE a_leaf PARTITION OF lower FOR VALUES FROM (0) TO (50);
  CREATE TABLE b_leaf PARTITION OF lower FOR VALUES FROM (50) TO (100);
  CREATE TABLE c_leaf PARTITION OF mid FOR VALUES FROM (50) TO (100);
  CREATE TABLE d_leaf PARTITION OF z_root FOR VALUES FROM (100) TO (200);
  CREATE TABLE e_leaf PARTITION OF z_root FOR VALUES FROM (200) TO (300);
  CREATE TRIGGER at_once BEFORE INSERT ON z_root FOR EACH ROW EXECUTE FUNCTION f();
  CREATE TRIGGER "Be hind" AFTER UPDATE ON z_root FOR EACH ROW EXECUTE FUNCTION f();
  CREATE TRIGGER off AFTER DELETE ON z_root FOR EACH ROW EXECUTE FUNCTION f();
  CREATE CONSTRAINT TRIGGER late AFTER DELETE ON z_root DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f();
  ALTER TABLE mid DISABLE TRIGGER "Be hind"; ALTER TABLE a_leaf ENABLE ALWAYS TRIGGER "Be hind";
  ALTER TABLE a_leaf DISABLE TRIGGER at_once; COMMENT ON TRIGGER at_once ON a_leaf IS 'off';
  ALTER TABLE d_leaf ENABLE REPLICA TRIGGER late; ALTER TABLE c_leaf DISABLE TRIGGER late;
  ALTER TABLE z_root DISABLE TRIGGER off; ALTER TABLE b_leaf ENABLE TRIGGER off;
  ALTER TABLE e_leaf DISABLE TRIGGER ALL;
  INSERT INTO parent VALUES (1); INSERT INTO z_root VALUES (1, 1), (150, 1);`

const FIRES = `
  SELECT c.relname AS table, t.tgname AS name, t.tgenabled AS fires, obj_description(t.oid, 'pg_trigger') AS comment
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
   WHERE NOT t.tgname LIKE 'RI\\_%' AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2`

test.each([
  [15, 15],
  [15, 18],
  [18, 18],
] as const)(
  'triggers of partitions fire as they did, however deep in the tree one differs: %d to %d',
  { tags: 'long', timeout: 120_000 },
  async (from, to) => {
    const source = await createDatabase(sharedServer(from), SOURCE)
    const destination = await createDatabase(to === 15 ? await otherServer15() : sharedServer(to))
    const { outcome, report } = await migrate(source, destination)
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await destination.query(FIRES)).toEqual(await source.query(FIRES))
    const left = report.databases[0]?.objects.filter(({ status }) => status === 'skipped') ?? []
    expect(left.map(({ kind }) => kind)).toEqual(['TRIGGER', 'TRIGGER'])
    for (const { reason } of left) expect(reason).toContain('it enforces a foreign key for one partition')
  },
)
