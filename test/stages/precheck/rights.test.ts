import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { asUser, blocking, freshName, itemFor, itemOf, precheck } from './prechecks.ts'

let source: TestDatabase
let destination: TestDatabase
const [reader, writer, owner] = [freshName('reader'), freshName('writer'), freshName('owner')]

beforeAll(async () => {
  source = await createDatabase(sharedServer(15))
  destination = await createDatabase(sharedServer(18))
  await source.query(`CREATE ROLE ${reader} LOGIN PASSWORD 'p'; CREATE ROLE ${owner} LOGIN PASSWORD 'p'`)
  await destination.query(`CREATE ROLE ${writer} LOGIN PASSWORD 'p'`)
})

afterAll(async () => {
  await source.query(`DROP OWNED BY ${reader}, ${owner} CASCADE; DROP ROLE ${reader}, ${owner}`)
  await destination.query(`DROP OWNED BY ${writer} CASCADE; DROP ROLE ${writer}`)
})

describe('rights on the source', () => {
  test('what is missing is listed as GRANT statements, and running them mends it', async () => {
    await source.query(`
      CREATE SCHEMA "Closed"; CREATE TABLE "Closed"."T" (a int PRIMARY KEY);
      CREATE TABLE open_one (a int PRIMARY KEY); GRANT SELECT ON open_one TO ${reader};
      CREATE TABLE by_column (a int PRIMARY KEY, b int); GRANT SELECT (a, b) ON by_column TO ${reader};
      CREATE TABLE half (a int PRIMARY KEY, b int); GRANT SELECT (a) ON half TO ${reader};
      CREATE TABLE counted (a serial PRIMARY KEY); GRANT SELECT ON counted TO ${reader};
      CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1 AS one;
      SELECT lo_from_bytea(4242, 'x')`)
    const account = asUser(source, reader, 'p')
    const item = await itemFor('SRC_RIGHTS_MISSING', account, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.details).toEqual([
      `GRANT USAGE ON SCHEMA "Closed" TO "${reader}"`,
      `GRANT SELECT ON TABLE "Closed"."T" TO "${reader}"`,
      `GRANT SELECT ON SEQUENCE "public"."counted_a_seq" TO "${reader}"`,
      `GRANT SELECT ON TABLE "public"."half" TO "${reader}"`,
      `GRANT SELECT ON SEQUENCE "public"."s" TO "${reader}"`,
      `GRANT SELECT ON LARGE OBJECT 4242 TO "${reader}"`,
    ])
    const chosen = await precheck(account, destination, {
      include: ['public.open_one', 'public.v', 'public.by_column'],
    })
    expect(itemOf(chosen, 'SRC_RIGHTS_MISSING').status).toBe('passed')
    await source.query(item.details.join(';'))
    const mended = await precheck(account, destination)
    expect(itemOf(mended, 'SRC_RIGHTS_MISSING').status).toBe('passed')
    expect(blocking(mended)).toEqual(['DST_VERSION_DIFFERS'])
  })

  test('row-level security that hides rows is an error; the owner and BYPASSRLS see them', async () => {
    await source.query(`
      CREATE TABLE guarded (a int PRIMARY KEY); ALTER TABLE guarded OWNER TO ${owner};
      ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; GRANT SELECT ON guarded TO ${reader};
      GRANT SELECT ON ALL TABLES IN SCHEMA public, "Closed" TO ${owner};
      GRANT SELECT ON ALL SEQUENCES IN SCHEMA public, "Closed" TO ${owner}; GRANT USAGE ON SCHEMA "Closed" TO ${owner}`)
    const status = async (user: string) => {
      const item = await itemFor('SRC_ROW_SECURITY', asUser(source, user, 'p'), destination)
      return [item.status, ...item.details]
    }
    expect(await status(reader)).toEqual(['failed', 'public.guarded'])
    expect(await status(owner)).toEqual(['passed'])
    await source.query('ALTER TABLE guarded FORCE ROW LEVEL SECURITY')
    expect(await status(owner)).toEqual(['failed', 'public.guarded'])
    await source.query(`ALTER ROLE ${reader} BYPASSRLS`)
    expect(await status(reader)).toEqual(['passed'])
  })
})

describe('rights on the destination', () => {
  test('what is missing is listed as GRANT statements, and running them mends it', async () => {
    await destination.query('CREATE SCHEMA "Closed"; CREATE SCHEMA aside')
    const account = asUser(destination, writer, 'p')
    const item = await itemFor('DST_RIGHTS_MISSING', source, account)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, side: 'destination' })
    expect(item.details).toEqual([
      `GRANT CREATE ON DATABASE "${destination.name}" TO "${writer}"`,
      `GRANT CREATE, USAGE ON SCHEMA "public" TO "${writer}"`,
      `GRANT CREATE, USAGE ON SCHEMA "Closed" TO "${writer}"`,
    ])
    await destination.query(item.details.join(';'))
    expect((await itemFor('DST_RIGHTS_MISSING', source, account)).status).toBe('passed')
  })

  test('tables whose policies will hold for the account itself cannot be compared', async () => {
    const forced = await createDatabase(
      sharedServer(15),
      `CREATE TABLE plain (a int PRIMARY KEY); ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
       CREATE TABLE forced (a int PRIMARY KEY); ALTER TABLE forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
       CREATE TABLE idle (a int PRIMARY KEY); ALTER TABLE idle FORCE ROW LEVEL SECURITY`,
    )
    const account = asUser(destination, writer, 'p')
    const item = await itemFor('DST_ROW_SECURITY', forced, account)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, details: ['public.forced'] })
    const without = await precheck(forced, account, { overrides: { validation: { mode: 'none' } } })
    expect(itemOf(without, 'DST_ROW_SECURITY').status).toBe('passed')
    expect((await itemFor('DST_ROW_SECURITY', forced, destination)).status).toBe('passed')
    await destination.query(`ALTER ROLE ${writer} BYPASSRLS`)
    expect((await itemFor('DST_ROW_SECURITY', forced, account)).status).toBe('passed')
    await destination.query(`ALTER ROLE ${writer} NOBYPASSRLS`)
  })

  test('objects that only a superuser can create are told to a plain account', async () => {
    const special = await createDatabase(
      sharedServer(15),
      `CREATE FUNCTION tight(int) RETURNS int LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT 1';
       CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION watch();
       CREATE TEXT SEARCH TEMPLATE template (LEXIZE = dsimple_lexize);
       CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
       CREATE FOREIGN DATA WRAPPER nowhere; CREATE PUBLICATION everything FOR ALL TABLES;
       CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
       CREATE OPERATOR FAMILY family USING btree; CREATE DOMAIN word AS text;
       CREATE CAST (int8 AS timestamp) WITHOUT FUNCTION;
       CREATE AGGREGATE spread(bigint) (SFUNC = int8_avg_accum, STYPE = internal, FINALFUNC = numeric_poly_avg);
       CREATE FUNCTION quiet() RETURNS int LANGUAGE sql SET log_statement = 'none' AS 'SELECT 1';
       CREATE FUNCTION native(int, int) RETURNS int LANGUAGE internal AS 'int4pl';
       CREATE TABLE t (a int PRIMARY KEY)`,
    )
    await destination.query('CREATE EXTENSION postgres_fdw')
    const account = asUser(destination, writer, 'p')
    const document = await precheck(special, account)
    const item = itemOf(document, 'DST_PRIVILEGED_OBJECTS')
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual([
      'access method heap_again',
      'aggregate over internal state public.spread',
      'cast without a function "bigint AS timestamp without time zone"',
      'event trigger watch_ddl',
      'foreign-data wrapper nowhere',
      'leakproof function public.tight',
      'operator family public.family',
      'text search template public.template',
      'server of postgres_fdw far',
      'function with the setting log_statement public.quiet',
    ])
    expect(itemOf(document, 'C_FUNCTIONS')).toMatchObject({
      ...{ status: 'failed', blocks: true },
      details: ['public.native(integer, integer), language internal'],
    })
    const superuser = await precheck(special, destination)
    for (const code of ['DST_PRIVILEGED_OBJECTS', 'C_FUNCTIONS']) expect(itemOf(superuser, code).status).toBe('passed')
    await destination.query('DROP EXTENSION postgres_fdw')
    const few = await precheck(special, account, { include: ['public.t'] })
    expect(itemOf(few, 'DST_PRIVILEGED_OBJECTS').status).toBe('passed')
  })

  test('an extension the account cannot create is found by trying, and nothing is left of the trial', async () => {
    const extended = await createDatabase(
      sharedServer(15),
      'CREATE EXTENSION dblink; CREATE EXTENSION earthdistance CASCADE',
    )
    const account = asUser(destination, writer, 'p')
    const item = await itemFor('EXTENSION_NOT_CREATABLE', extended, account)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(item.details.map((line) => line.split(':')[0])).toEqual(['dblink', 'earthdistance'])
    expect((await itemFor('EXTENSION_NOT_CREATABLE', extended, destination)).status).toBe('passed')
    expect(await destination.query(`SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'`)).toEqual([])
    expect(await destination.query(`SELECT nspname FROM pg_namespace WHERE nspname ~ 'probe'`)).toEqual([])
    // One that is there already needs no right.
    await destination.query('CREATE EXTENSION dblink; CREATE EXTENSION earthdistance CASCADE')
    expect((await itemFor('EXTENSION_NOT_CREATABLE', extended, account)).status).toBe('passed')
  })

  test('what the destination gives beforehand and the source does not is a warning, by name', async () => {
    const role = freshName('given')
    const plain = await createDatabase(
      sharedServer(15),
      `CREATE ROLE ${role}; CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO ${role}; CREATE TABLE shop.t (a int PRIMARY KEY);
       ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${role}`,
    )
    const given = await createDatabase(
      sharedServer(18),
      `CREATE ROLE ${role}; CREATE SCHEMA shop; GRANT USAGE, CREATE ON SCHEMA shop TO ${role}; CREATE SCHEMA aside;
       GRANT ALL ON SCHEMA aside TO ${role}; ALTER DEFAULT PRIVILEGES GRANT SELECT, UPDATE ON TABLES TO ${role};
       ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT EXECUTE ON FUNCTIONS TO ${role}; ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC`,
    )
    await given.query(`GRANT CREATE ON DATABASE ${given.name} TO ${role}`)
    const item = await itemFor('RIGHTS_WIDER', plain, given)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual([
      `the database: ${role} may CREATE`,
      `functions that postgres makes in shop from now on: ${role} may EXECUTE`,
      `tables that postgres makes from now on: ${role} may UPDATE`,
      `schema shop: ${role} may CREATE`,
    ])
    await given.query(
      `REVOKE CREATE ON DATABASE ${given.name} FROM ${role}; REVOKE CREATE ON SCHEMA shop FROM ${role};
       ALTER DEFAULT PRIVILEGES REVOKE UPDATE ON TABLES FROM ${role};
       ALTER DEFAULT PRIVILEGES IN SCHEMA shop REVOKE EXECUTE ON FUNCTIONS FROM ${role}`,
    )
    expect((await itemFor('RIGHTS_WIDER', plain, given)).status).toBe('passed')
    for (const database of [plain, given]) await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)
  })

  test('what acts with the rights of an owner who cannot be kept is a warning, by name', async () => {
    const [gone, here] = [freshName('gone'), freshName('here')]
    const acting = await createDatabase(
      sharedServer(15),
      `CREATE ROLE ${gone}; CREATE ROLE ${here}; GRANT CREATE, USAGE ON SCHEMA public TO ${gone}, ${here};
       CREATE TABLE doc (a int PRIMARY KEY); ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON doc TO ${gone}, ${here};
       CREATE TABLE plain (a int PRIMARY KEY); GRANT SELECT ON plain TO ${gone}; CREATE TABLE hidden (a int PRIMARY KEY);
       CREATE VIEW secured AS SELECT * FROM doc; CREATE VIEW over_it AS SELECT * FROM secured; CREATE VIEW harmless AS SELECT * FROM plain;
       CREATE VIEW invoker WITH (security_invoker = true) AS SELECT * FROM doc; CREATE VIEW shut AS SELECT * FROM hidden;
       CREATE MATERIALIZED VIEW filled AS SELECT * FROM doc; CREATE VIEW of_here AS SELECT * FROM doc;
       CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
       CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE TABLE ruled (a int PRIMARY KEY); CREATE RULE r AS ON INSERT TO ruled DO ALSO NOTIFY told;
       ALTER VIEW secured OWNER TO ${gone}; ALTER VIEW over_it OWNER TO ${gone}; ALTER VIEW harmless OWNER TO ${gone};
       ALTER VIEW invoker OWNER TO ${gone}; ALTER VIEW shut OWNER TO ${gone}; ALTER MATERIALIZED VIEW filled OWNER TO ${gone};
       ALTER FUNCTION definer() OWNER TO ${gone}; ALTER FUNCTION plain() OWNER TO ${gone}; ALTER TABLE ruled OWNER TO ${gone};
       ALTER VIEW of_here OWNER TO ${here}`,
    )
    await destination.query(`CREATE ROLE ${here}`)
    const item = await itemFor('OWNERS_NOT_KEPT', acting, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    const why = `its owner ${gone} is not on the destination`
    expect(item.details.toSorted()).toEqual(
      [
        `function public.definer: it runs with the rights of its owner (SECURITY DEFINER); ${why}`,
        `materialized view public.filled: it reads the row-secured public.doc; ${why}`,
        `table public.ruled: its rule r acts with the rights of its owner; ${why}`,
        `view public.over_it: it reads the row-secured public.doc; ${why}`,
        `view public.secured: it reads the row-secured public.doc; ${why}`,
        `view public.shut: its owner cannot read public.hidden; ${why}`,
      ].toSorted(),
    )
    // The account of 18 administers no role it has not made.
    const plain = await itemFor('OWNERS_NOT_KEPT', acting, asUser(destination, writer, 'p'))
    expect(plain.details).toContain(
      `view public.of_here: it reads the row-secured public.doc; its owner ${here} cannot be made an owner by the account`,
    )
    await destination.query(`CREATE ROLE ${gone}`)
    expect((await itemFor('OWNERS_NOT_KEPT', acting, destination)).status).toBe('passed')
    await destination.query(`DROP ROLE ${gone}, ${here}`)
    await acting.query(`DROP OWNED BY ${gone}, ${here} CASCADE; DROP ROLE ${gone}, ${here}`)
  })

  test('what everybody may do there and not on the source is a warning, with the statement that mends it', async () => {
    const closed = await createDatabase(
      sharedServer(15),
      'CREATE TABLE t (a int PRIMARY KEY); REVOKE EXECUTE ON FUNCTION pg_sleep(float8) FROM PUBLIC',
    )
    const open = await createDatabase(sharedServer(18), 'GRANT CREATE ON SCHEMA public TO PUBLIC')
    const asPlain = await itemFor('RIGHTS_NOT_TAKEN', closed, asUser(open, writer, 'p'))
    expect(asPlain).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(asPlain.details).toEqual([
      'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC',
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    ])
    // A superuser takes the right to the function by the migration; of the schema it says nothing.
    expect((await itemFor('RIGHTS_NOT_TAKEN', closed, open)).details).toEqual([
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    ])
    await open.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    expect((await itemFor('RIGHTS_NOT_TAKEN', closed, open)).status).toBe('passed')
  })

  test('a restrictive policy that would restrict nobody there is a warning; one of a role’s members is not', async () => {
    const guarded = await createDatabase(
      sharedServer(15),
      `GRANT ${reader} TO ${owner}; CREATE TABLE doc (a int PRIMARY KEY);
       CREATE POLICY everybody ON doc AS RESTRICTIVE USING (true); CREATE POLICY gives ON doc TO ${reader} USING (true);
       CREATE POLICY takes ON doc AS RESTRICTIVE TO ${reader} USING (a > 1)`,
    )
    const item = await itemFor('POLICIES_LOST', guarded, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual([`policy takes of public.doc, for ${reader}`])
    await destination.query(`CREATE ROLE ${owner}`)
    expect((await itemFor('POLICIES_LOST', guarded, destination)).status).toBe('passed')
    await destination.query(`DROP ROLE ${owner}`)
    await guarded.query(`DROP TABLE doc; REVOKE ${reader} FROM ${owner}`)
  })

  test('roles of the source that the destination lacks are an info', async () => {
    const item = await itemFor('ROLES_MISSING', source, destination)
    expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
    expect(item.details.map((line) => line.split(',')[0]).toSorted()).toEqual([owner, reader].toSorted())
    const plain = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int PRIMARY KEY)')
    expect((await itemFor('ROLES_MISSING', plain, destination)).status).toBe('passed')
  })
})

test('rights on parameters, which belong to the server, are listed as statements that run as they are', {
  tags: 'long',
}, async () => {
  const server = await otherServer15()
  const own = await createDatabase(server)
  expect(itemOf(await precheck(own, destination), 'PARAMETER_RIGHTS').status).toBe('passed')
  await own.query(`GRANT SET ON PARAMETER work_mem TO ${server.superuser}, pg_monitor WITH GRANT OPTION;
    GRANT ALTER SYSTEM ON PARAMETER own.setting TO PUBLIC`)
  const item = itemOf(await precheck(own, destination), 'PARAMETER_RIGHTS')
  expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
  const statements = item.details
  expect(statements).toEqual([
    'GRANT ALTER SYSTEM ON PARAMETER "own"."setting" TO PUBLIC',
    'GRANT SET ON PARAMETER "work_mem" TO "pg_monitor" WITH GRANT OPTION',
  ])
  await own.query(`REVOKE ALL ON PARAMETER work_mem, own.setting FROM PUBLIC, pg_monitor; ${statements.join(';')}`)
  expect(itemOf(await precheck(own, destination), 'PARAMETER_RIGHTS').details).toEqual(statements)
  // The server stays, for other files.
  await own.query('REVOKE ALL ON PARAMETER work_mem, own.setting FROM PUBLIC, pg_monitor')
})
