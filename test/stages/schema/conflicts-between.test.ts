import { expect, test } from 'vitest'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const TABLE = 'CREATE TABLE shop (id int PRIMARY KEY, note text)'
const ROWS = `${TABLE}; INSERT INTO shop SELECT g, 'n' FROM generate_series(1, 50) g`
const precheck = { acknowledge: ['DST_ROWS_GIVE_WAY'] }

test.each(['truncate', 'replace'] as const)(
  'a table that was put under the name since the plan is left alone, and the next start meets it anew (%s)',
  { tags: 'long', timeout: 180_000 },
  async (conflicts) => {
    const source = await createDatabase(sharedServer(15), ROWS)
    const destination = await createDatabase(await otherServer15(), `${TABLE}; INSERT INTO shop VALUES (1000, 'old')`)
    const databases = [{ name: source.name, as: destination.name, tables: { 'public.shop': { conflicts } } }]
    const task = { name: `met-anew-${conflicts}`, databases, precheck }
    const swapped = await migrate(source, destination, task, ({ step, call }, handler) => async (event, context) => {
      if (step === 'CreateObjectsFunction' && call === 1) {
        await destination.query(
          `ALTER TABLE shop RENAME TO old; ALTER INDEX shop_pkey RENAME TO old_pkey; ${TABLE}; INSERT INTO shop VALUES (2000, 'new')`,
        )
      }
      return handler(event, context)
    })
    expect(swapped.outcome).toMatchObject({ exitStatus: 1, error: { code: 'OBJECTS_FAILED' } })
    expect(swapped.outcome.error?.remedy).toContain('look at what stands under their names now')
    expect(await destination.query('SELECT id, note FROM shop')).toEqual([{ id: '2000', note: 'new' }])
    expect((await migrate(source, destination, task)).outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(
      await destination.query('SELECT count(*) AS rows, max(id) AS last, (SELECT note FROM old) AS old FROM shop'),
    ).toEqual([{ rows: '50', last: '50', old: 'old' }])
  },
)

test('who is killed between the drop of a table and its making has dropped nothing, and the next attempt makes it', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), ROWS)
  const destination = await createDatabase(
    await otherServer15(),
    `${TABLE}; INSERT INTO shop VALUES (1000, 'old'); CREATE SEQUENCE kills;
     CREATE FUNCTION kill() RETURNS event_trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF to_regclass('public.shop') IS NULL AND nextval('public.kills') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
     END $$;
     CREATE EVENT TRIGGER kills ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION kill()`,
  )
  const databases = [
    { name: source.name, as: destination.name, tables: { 'public.shop': { conflicts: 'replace' as const } } },
  ]
  const between: unknown[] = []
  const { outcome } = await migrate(
    source,
    destination,
    { name: 'killed-between', databases, precheck },
    ({ step, call }, handler) =>
      async (event, context) => {
        if (step === 'CreateObjectsFunction' && call > 1)
          between.push(...(await destination.query('SELECT id FROM shop')))
        return handler(event, context)
      },
  )
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(between[0]).toEqual({ id: '1000' })
  expect(
    await destination.query(
      'SELECT count(*) AS rows, max(id) AS last, (SELECT last_value FROM kills) AS kills FROM shop',
    ),
  ).toEqual([{ rows: '50', last: '50', kills: '2' }])
})
