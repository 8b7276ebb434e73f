import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stepEvent } from '../../support/events.ts'
import { adoptRole, createDatabase, otherServer15, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { call, migrateSchema } from './steps.ts'

const ROLE = 'denied_account'

/** A kind each that a server keeps to superusers, with something that needs it. */
const SOURCE = `
  CREATE FUNCTION tight(int) RETURNS int LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT 1';
  CREATE VIEW uses_tight AS SELECT tight(1) AS one;
  CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION watch();
  CREATE TEXT SEARCH TEMPLATE template (LEXIZE = dsimple_lexize);
  CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = template);
  CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
  CREATE FOREIGN DATA WRAPPER nowhere;
  CREATE SERVER there FOREIGN DATA WRAPPER nowhere;
  CREATE EXTENSION postgres_fdw;
  CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
  CREATE FOREIGN TABLE far_away (a int) SERVER far;
  CREATE USER MAPPING FOR PUBLIC SERVER far;
  CREATE OPERATOR FAMILY family USING btree;
  CREATE CAST (int8 AS timestamp) WITHOUT FUNCTION;
  CREATE AGGREGATE spread(bigint) (SFUNC = int8_avg_accum, STYPE = internal, FINALFUNC = numeric_poly_avg);
  CREATE FUNCTION quiet() RETURNS int LANGUAGE sql SET log_statement = 'none' AS 'SELECT 1';
  COMMENT ON FUNCTION quiet() IS 'is gone with it';
  CREATE TABLE t (a int PRIMARY KEY, b int);
  CREATE PUBLICATION everything FOR ALL TABLES;
  CREATE PUBLICATION schema_wide FOR TABLES IN SCHEMA public;
  CREATE FUNCTION plain() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1'`

let source: TestDatabase
let account: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), SOURCE)
  // Passwords of tests go by the port: another server.
  const server = await otherServer15()
  destination = await createDatabase(server, 'CREATE EXTENSION postgres_fdw')
  adoptRole(server, ROLE)
  await destination.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'p'; GRANT CREATE ON SCHEMA public TO ${ROLE};
    GRANT CREATE ON DATABASE ${destination.name} TO ${ROLE}`)
  account = { ...destination, connection: { ...destination.connection, user: ROLE, password: 'p' } }
})
afterAll(() => destination.query(`DROP OWNED BY ${ROLE} CASCADE`))

const eventFor = (overrides: Parameters<typeof stepEvent>[2]) => ({
  ...stepEvent(source, account, overrides),
})

describe('what the destination’s account has not the right to make', () => {
  test('is told before anything is made, where the task has not acknowledged it', async () => {
    const answer = await call('planObjects', eventFor({ name: 'untold' }))
    expect(answer).toMatchObject({ verdict: 'failed', error: { code: 'DST_PRIVILEGED_OBJECTS' } })
    expect(answer.error?.message).toMatch(/may not make 10 of the objects: .*permission denied to set parameter/)
    expect(await destination.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }])
  })

  test('is left out with its reason and what needs it, and all else is made', { tags: 'long' }, async () => {
    await migrateSchema(eventFor({ name: 'told', precheck: { acknowledge: ['DST_PRIVILEGED_OBJECTS'] } }))
    const objects = await destination.query(
      `SELECT kind, name, status, reason FROM sampan.object WHERE run = 'told' ORDER BY kind, name`,
    )
    expect(objects.filter(({ status }) => status === 'failed' || status === 'blocked' || status === 'pending')).toEqual(
      [],
    )
    const left = objects.filter(({ reason }) => /may not make/.test(String(reason)))
    expect(left.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'ACCESS METHOD heap_again',
      'AGGREGATE spread(bigint)',
      'CAST CAST (bigint AS timestamp without time zone)',
      'EVENT TRIGGER watch_ddl',
      'FOREIGN DATA WRAPPER nowhere',
      'FOREIGN TABLE far_away',
      'FUNCTION quiet()',
      'FUNCTION tight(integer)',
      'OPERATOR FAMILY family',
      'SERVER far',
      'SERVER there',
      'TEXT SEARCH DICTIONARY words',
      'TEXT SEARCH TEMPLATE template',
      'USER MAPPING USER MAPPING public SERVER far',
      'VIEW uses_tight',
    ])
    const reasonOf = (wanted: string) => left.find(({ name }) => name === wanted)?.reason
    expect(reasonOf('SERVER far') ?? reasonOf('far')).toContain('permission denied for foreign-data wrapper')
    expect(reasonOf('far_away')).toBe('it needs server far, which the destination’s account may not make')
    expect(objects.filter(({ status }) => status === 'skipped').length).toBeGreaterThanOrEqual(left.length)
    expect(await destination.query(`SELECT pubname FROM pg_publication ORDER BY 1`)).toEqual([
      { pubname: 'everything' },
      { pubname: 'schema_wide' },
    ])
    expect(await destination.query(`SELECT nspname FROM pg_namespace WHERE nspname ~ 'probe'`)).toEqual([])
  })
})
