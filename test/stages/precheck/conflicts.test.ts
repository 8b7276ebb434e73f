import { expect, test } from 'vitest'
import { conflictsRefused } from '../../../lambdas/stages/precheck/checks/conflicts-refused.ts'
import { objectsExist } from '../../../lambdas/stages/precheck/checks/objects-exist.ts'
import { rowsGiveWay } from '../../../lambdas/stages/precheck/checks/rows-give-way.ts'
import { rowsStay } from '../../../lambdas/stages/precheck/checks/rows-stay.ts'
import { computedOtherwise, tablesOtherwise } from '../../../lambdas/stages/precheck/checks/tables-otherwise.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { asUser, itemOf, itemsOf, precheck } from './prechecks.ts'

const SOURCE = `
  CREATE TYPE state AS ENUM ('new', 'sent');
  CREATE TABLE fits (id serial PRIMARY KEY, state state, low int, twice int GENERATED ALWAYS AS (low * 2) STORED, same int GENERATED ALWAYS AS (low + 1) STORED);
  CREATE TABLE differs (id int PRIMARY KEY, note text, gone int);
  CREATE TABLE shape (id int);
  CREATE TABLE fired (id int PRIMARY KEY);
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (id int PRIMARY KEY, parent int);
  CREATE TABLE ring (id int PRIMARY KEY, other int);
  CREATE TABLE chain (id int PRIMARY KEY, other int);
  CREATE TABLE parts (id int) PARTITION BY LIST (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE dropped (id int PRIMARY KEY, more text);
  CREATE TABLE anew (id int) PARTITION BY LIST (id);
  CREATE TABLE anew_1 PARTITION OF anew FOR VALUES IN (1);
  CREATE TABLE untold (id int);
  CREATE TYPE alike AS (a int, b state);
  CREATE TYPE pair AS (a int, b int);
  CREATE DOMAIN cents AS numeric(10, 4) CHECK (VALUE > 0);
  CREATE TYPE grade AS ENUM ('low', 'mid', 'high');
  CREATE TYPE span AS RANGE (subtype = int8);
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE inner_row (a int, b int);
  CREATE TABLE typed (a alike, p pair[], c cents, g grade, s span[], m mood, r inner_row)`

const DESTINATION = `
  CREATE TYPE state AS ENUM ('new', 'sent');
  CREATE TABLE fits (id serial PRIMARY KEY, state state, low int NOT NULL DEFAULT 0, twice int GENERATED ALWAYS AS (low * 3) STORED, same int GENERATED ALWAYS AS (low + 1) STORED); INSERT INTO fits (state) VALUES ('new'), ('sent'); ANALYZE fits;
  CREATE TABLE differs (id int PRIMARY KEY, note varchar(10));
  CREATE VIEW shape AS SELECT 1 AS id;
  CREATE TABLE fired (id int PRIMARY KEY);
  CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER fires BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION fire();
  CREATE TRIGGER rests BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION fire(); ALTER TABLE fired DISABLE TRIGGER rests;
  CREATE TRIGGER updates BEFORE UPDATE ON fired FOR EACH ROW EXECUTE FUNCTION fire();
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
  CREATE TABLE ring (id int PRIMARY KEY, other int);
  CREATE TABLE chain (id int PRIMARY KEY, other int REFERENCES ring);
  ALTER TABLE ring ADD FOREIGN KEY (other) REFERENCES chain;
  CREATE TABLE parts (id int) PARTITION BY LIST (id);
  CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE dropped (id serial PRIMARY KEY CHECK (id > 0)); CREATE VIEW above AS SELECT id FROM dropped;
  CREATE FUNCTION takes(dropped) RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE SEQUENCE shared OWNED BY dropped.id; CREATE TABLE counts (id int DEFAULT nextval('shared')); CREATE TABLE heir () INHERITS (dropped);
  CREATE TABLE anew (id int) PARTITION BY LIST (id); CREATE TABLE anew_1 PARTITION OF anew FOR VALUES IN (1);
  CREATE TABLE anew_2 PARTITION OF anew FOR VALUES IN (2); INSERT INTO anew VALUES (2); CREATE VIEW over AS SELECT * FROM anew_2;
  CREATE TABLE untold (id int);
  CREATE TYPE alike AS (a int, b state);
  CREATE TYPE pair AS (b int, a int);
  CREATE DOMAIN cents AS numeric(10, 2);
  CREATE TYPE grade AS ENUM ('high', 'mid', 'none');
  CREATE TYPE span AS RANGE (subtype = int4);
  CREATE DOMAIN mood AS text;
  CREATE TABLE inner_row (b int, a int);
  CREATE TABLE typed (a alike, p pair[], c cents, g grade, s span[], m mood, r inner_row)`

const truncate = { conflicts: 'truncate' } as const

test('what stands there is compared with the source, and what keeps rows from coming is told by its own code', async () => {
  const source = await createDatabase(sharedServer(15), SOURCE)
  const destination = await createDatabase(sharedServer(15), DESTINATION)
  const named = ['fits', 'differs', 'shape', 'fired', 'parent', 'ring', 'chain', 'parts', 'inner_row', 'typed']
  const emptied = Object.fromEntries(named.map((name) => [`public.${name}`, truncate]))
  const replaced = { conflicts: 'replace' } as const
  const tables = { ...emptied, 'public.dropped': replaced, 'public.anew': replaced, 'public.anew_1': truncate }
  const overrides = { databases: [{ name: source.name, as: destination.name, tables }] }
  const only = [objectsExist, conflictsRefused, rowsGiveWay, computedOtherwise, tablesOtherwise]
  const document = await precheck(source, destination, { overrides, only })
  const details = (code: string) => itemOf(document, code).details
  expect(details('DST_TABLE_DIFFERS')).toEqual([
    'public.differs: column note: text on the source, character varying(10) on the destination',
    'public.differs: column gone is missing on the destination',
    'public.parts: other partitions: the destination lacks parts_1; only the destination has parts_2',
    'public.shape: a table on the source, a view on the destination',
    'type public.pair: (a integer, b integer) on the source, (b integer, a integer) on the destination',
    'type public.cents: numeric(10,4) on the source, numeric(10,2) on the destination',
    'type public.grade: the destination lacks the labels low',
    'type public.span: bigint on the source, integer on the destination',
    'type public.mood: an enum on the source, a domain on the destination',
    'type public.inner_row: (a integer, b integer) on the source, (b integer, a integer) on the destination',
  ])
  expect(details('DST_TABLE_TRIGGERS')).toEqual(['public.fired: fires'])
  expect(details('DST_TABLE_REFERENCED')).toEqual(['public.parent: public.child refers to it by child_parent_fkey'])
  expect(details('DST_TABLE_NEEDED')).toEqual([
    'public.anew: rule _RETURN on view public.over',
    'public.anew_1: it is a partition of public.anew: both are replaced, or neither',
    'public.dropped: default value for column id of table public.counts',
    'public.dropped: default value for column id of table public.heir',
    'public.dropped: function public.takes(public.dropped)',
    'public.dropped: rule _RETURN on view public.above',
    'public.dropped: table public.heir',
  ])
  expect(details('DST_KEYS_IN_A_RING')).toEqual([
    'foreign keys lead from each of these to itself: public.chain, public.ring',
  ])
  expect(itemOf(document, 'DST_COMPUTED_OTHERWISE')).toMatchObject({
    blocks: true,
    details: [
      'public.fits: column twice: generated as (low * 2) on the source, generated as (low * 3) on the destination',
    ],
  })
  const told = details('DST_TABLES_OTHERWISE')
  expect(told).toContain('public.fits: column low: may be NULL on the source, NOT NULL on the destination')
  expect(told.join()).not.toContain('generated')
  expect(details('DST_ROWS_GIVE_WAY')).toEqual([
    'public.anew_2: never counted, 8.19 kB',
    'public.fits: about 2 rows, 24.6 kB',
  ])
  // What the task says nothing of is in the way as ever, and what a kept table needs is not.
  expect(details('DST_OBJECTS_EXIST')).toEqual(expect.arrayContaining(['table public.child', 'table public.untold']))
  for (const name of ['fits', 'fits_id_seq', 'fits_pkey', 'public.state', 'public.alike', 'public.pair']) {
    expect(details('DST_OBJECTS_EXIST').join('\n')).not.toContain(name)
  }
})

test('a task that says nothing of tables that stand there is not asked about them', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE a (id int)')
  const document = await precheck(source, await createDatabase(sharedServer(15)), {
    only: [conflictsRefused, rowsGiveWay],
  })
  expect([...itemsOf(document, 'CONFLICTS_REFUSED'), ...itemsOf(document, 'DST_ROWS_GIVE_WAY')]).toEqual([])
})

const BESIDE = `
  CREATE TABLE fits (id int PRIMARY KEY, email text UNIQUE, mood mood);
  CREATE TABLE keyless (id int, note text);
  CREATE TABLE computed (id int PRIMARY KEY);
  CREATE TABLE stricter (id int PRIMARY KEY, email text, low int);
  CREATE TABLE later (id int PRIMARY KEY, place int UNIQUE);
  CREATE TABLE ruled (id int PRIMARY KEY);
  CREATE TABLE fired (id int PRIMARY KEY);
  CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY LIST (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE partly (id int PRIMARY KEY, email text, gone int); CREATE UNIQUE INDEX live ON partly (email) WHERE gone IS NULL;
  CREATE TABLE unproven (id int PRIMARY KEY, code int CONSTRAINT by_code UNIQUE)`

test('what keeps rows from coming beside others is told by its own code, and the remedies make it fit', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TYPE mood AS ENUM ('sad', 'ok'); ${BESIDE}; CREATE TABLE spans (id int PRIMARY KEY, r int4range, CONSTRAINT spans_r EXCLUDE USING gist (r WITH =));
     CREATE TABLE folded (name text PRIMARY KEY); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_code'::regclass`,
  )
  const destination = await createDatabase(
    sharedServer(15),
    `CREATE TYPE mood AS ENUM ('sad', 'ok'); ${BESIDE}; INSERT INTO fits VALUES (1, 'a', 'ok');
     CREATE TABLE spans (id int PRIMARY KEY, r int4range, CONSTRAINT spans_r EXCLUDE USING gist (r WITH &&));
     CREATE COLLATION folds (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE folded (name text COLLATE folds PRIMARY KEY);
     CREATE UNIQUE INDEX by_email ON stricter (email); CREATE UNIQUE INDEX low_only ON stricter (low) WHERE low > 0;
     CREATE UNIQUE INDEX wider ON stricter (id, low); ALTER TABLE stricter ADD CONSTRAINT apart EXCLUDE USING btree (low WITH =);
     ALTER TABLE later DROP CONSTRAINT later_place_key, ADD CONSTRAINT later_place_key UNIQUE (place) DEFERRABLE;
     CREATE RULE instead AS ON UPDATE TO ruled DO INSTEAD NOTHING;
     CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER deletes BEFORE DELETE ON fired FOR EACH ROW EXECUTE FUNCTION fire();
     CREATE TRIGGER empties BEFORE TRUNCATE ON fired FOR EACH STATEMENT EXECUTE FUNCTION fire()`,
  )
  const tables = {
    'public.computed': { columns: { id: { expression: 'id % 2' } } },
    'public.parts_1': truncate,
    'public.partly': { columns: { gone: { exclude: true as const } } },
  }
  const overrides = {
    conflicts: 'ignore' as const,
    databases: [{ name: source.name, as: destination.name, tables }],
    precheck: { acknowledge: [] },
  }
  const only = [objectsExist, conflictsRefused, rowsStay]
  const look = async () => precheck(source, destination, { overrides, only })
  const document = await look()
  const found = Object.fromEntries(document.items.map(({ code, details }) => [code, details]))
  const why = 'it has no primary key, and no unique index of columns that are NOT NULL, which the source has too'
  expect(found).toMatchObject({
    DST_TABLE_KEYLESS: [
      'public.computed: the source has no key of the columns of its primary key, or their values are computed',
      'public.folded: the source has no key of the columns of its primary key, or their values are computed',
      `public.keyless: ${why}`,
    ],
    DST_TABLE_STRICTER: [
      'public.computed: computed_pkey',
      'public.folded: folded_pkey',
      'public.partly: live',
      'public.spans: spans_r',
      'public.stricter: apart',
      'public.stricter: by_email',
      'public.stricter: low_only',
      'public.unproven: by_code',
    ],
    DST_TABLE_DEFERRABLE: ['public.later: later_place_key'],
    DST_TABLE_RULES: ['public.ruled: instead'],
    DST_TABLE_TORN: ['public.parts: its partition public.parts_1 is met otherwise (truncate)'],
    DST_TABLE_TRIGGERS: ['public.fired: deletes'],
    DST_ROWS_STAY: ['public.fits: never counted, 49.2 kB'],
  })
  expect(found.DST_OBJECTS_EXIST).toEqual([])
  // Each remedy as it stands.
  await destination.query(`
    ALTER TABLE keyless ADD PRIMARY KEY (id); DROP INDEX by_email; DROP INDEX low_only; ALTER TABLE stricter DROP CONSTRAINT apart;
    ALTER TABLE folded ALTER name TYPE text COLLATE "default"; ALTER TABLE spans DROP CONSTRAINT spans_r; ALTER TABLE unproven DROP CONSTRAINT by_code;
    ALTER TABLE later DROP CONSTRAINT later_place_key, ADD CONSTRAINT later_place_key UNIQUE (place);
    ALTER TABLE ruled DISABLE RULE instead; ALTER TABLE fired DISABLE TRIGGER deletes`)
  await source.query('ALTER TABLE keyless ADD PRIMARY KEY (id)')
  overrides.databases[0] = { name: source.name, as: destination.name, tables: {} as typeof tables }
  const mended = await look()
  expect(mended.items.filter(({ level, details }) => level !== 'info' && details.length > 0)).toEqual([])
})

test('an account that owns neither table nor the right to temporary tables is told both, and of labels that an enum lacks', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TYPE mood AS ENUM ('sad', 'ok', 'new'); CREATE TABLE a (id int PRIMARY KEY, mood mood)`,
  )
  const account = `owner_${source.name}`
  const destination = await createDatabase(
    sharedServer(15),
    `CREATE TYPE mood AS ENUM ('sad', 'ok', 'old'); CREATE TABLE a (id int PRIMARY KEY, mood mood);
     CREATE ROLE ${account} LOGIN PASSWORD '${sharedServer(15).password}'; GRANT USAGE ON SCHEMA public TO ${account}`,
  )
  await destination.query(`REVOKE TEMPORARY ON DATABASE ${destination.name} FROM PUBLIC`)
  const overrides = { conflicts: 'ignore' as const }
  const mine = asUser(destination, account, destination.connection.password)
  const document = await precheck(source, mine, { overrides, only: [conflictsRefused] })
  const found = Object.fromEntries(document.items.map(({ code, details }) => [code, details]))
  expect(found).toMatchObject({
    DST_TABLE_NOT_WRITABLE: ['public.a: the account is not a member of the role that owns it'],
    DST_TEMPORARY_DENIED: ['TEMPORARY on the database'],
    DST_TABLE_DIFFERS: ['type public.mood: the destination lacks the labels new'],
  })
  await destination.query(
    `GRANT TEMPORARY ON DATABASE ${destination.name} TO ${account}; ALTER TYPE mood ADD VALUE 'new'`,
  )
  await destination.query(`GRANT ${destination.connection.user} TO ${account}`)
  const mended = await precheck(source, mine, { overrides, only: [conflictsRefused] })
  expect(mended.items.filter(({ details }) => details.length > 0)).toEqual([])
  await destination.query(`REVOKE ${destination.connection.user} FROM ${account}; ALTER TABLE a OWNER TO ${account};
    ALTER TABLE a ENABLE ROW LEVEL SECURITY; ALTER TABLE a FORCE ROW LEVEL SECURITY`)
  const secured = await precheck(source, mine, { overrides, only: [conflictsRefused] })
  expect(itemOf(secured, 'DST_TABLE_NOT_WRITABLE').details).toEqual([
    'public.a: its row security is in force for the account',
  ])
  await destination.query(`DROP TABLE a; DROP OWNED BY ${account}; DROP ROLE ${account}`)
})
