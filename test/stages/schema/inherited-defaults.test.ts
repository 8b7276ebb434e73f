import { expect, test } from 'vitest'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const SOURCE = `
  CREATE TABLE parent (a int DEFAULT 1, "of All" int DEFAULT 9);
  CREATE TABLE child (own int) INHERITS (parent);
  ALTER TABLE child ALTER "of All" DROP DEFAULT;
  CREATE TABLE grandchild () INHERITS (child);
  CREATE TABLE merged ("of All" int, a int);
  ALTER TABLE merged INHERIT parent;
  CREATE TABLE below_merged (a int DEFAULT 3) INHERITS (merged);
  INSERT INTO grandchild VALUES (1, NULL, 2);`

const DEFAULTS = `
  SELECT c.relname AS child, a.attname AS column, COALESCE(pg_get_expr(d.adbin, d.adrelid), 'none') AS default
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 ORDER BY 1, 2`

test.each([10, 15, 18] as const)(
  'a column from %d that does not have its ancestor’s default has none on the destination, and nobody is told to have dropped it',
  { tags: 'long', timeout: 120_000 },
  async (from) => {
    const source = await createDatabase(from === 10 ? await oldestServer() : sharedServer(from), SOURCE)
    const destination = await createDatabase(sharedServer(18))
    const done = await migrate(source, destination, { precheck: { acknowledge: ['DST_VERSION_DIFFERS'] } })
    expect(done.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await destination.query(DEFAULTS)).toEqual(await source.query(DEFAULTS))
  },
)
