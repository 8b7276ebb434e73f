import { expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { migrations } from '../../../lambdas/core/ledger/migrations.ts'
import { handOver } from '../../../lambdas/core/ledger/objects/hand-over.ts'
import { markPlanned, openRun, sealRun } from '../../../lambdas/core/ledger/run.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const SOURCE = { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' }

async function ledger() {
  const database = await createDatabase(sharedServer(18))
  const session = await openSession(database, 'destination')
  await migrateLedger(session)
  return { database, session }
}

test('two runs that start at once on an empty destination make one ledger', async () => {
  const database = await createDatabase(sharedServer(18))
  const sessions = await Promise.all([1, 2, 3].map(() => openSession(database, 'destination')))
  await Promise.all(sessions.map(migrateLedger))
  await Promise.all(sessions.map((session) => session.close()))
  expect(await database.query('SELECT number FROM sampan.migration')).toEqual(
    migrations.map(({ number }) => ({ number: String(number) })),
  )
})

test('a migration that fails is not passed over: none behind it is applied, and the next start goes on with it', async () => {
  const database = await createDatabase(sharedServer(18), 'CREATE SCHEMA sampan; CREATE TABLE sampan.landed (a int)')
  const session = await openSession(database, 'destination')
  await expect(migrateLedger(session)).rejects.toMatchObject({ sqlState: '42P07' })
  const [last] = await database.query('SELECT max(number) AS number FROM sampan.migration')
  expect(Number(last?.number)).toBeLessThan(migrations.length - 1)
  await database.query('DROP TABLE sampan.landed')
  await migrateLedger(session)
  await session.close()
  const applied = await database.query('SELECT number FROM sampan.migration ORDER BY number')
  expect(applied.map(({ number }) => Number(number))).toEqual(migrations.map(({ number }) => number))
})

test('a destination before 10 has no ledger; one of 10 or later, as the error asks for, has', async () => {
  const { session } = await ledger()
  await expect(migrateLedger({ ...session, serverVersion: 90_624 })).rejects.toMatchObject({
    code: 'LEDGER_SERVER_TOO_OLD',
    remedy: expect.stringContaining('PostgreSQL 10 or later'),
  })
  await session.close()
  const oldest = await openSession(await createDatabase(await oldestServer()), 'destination')
  await migrateLedger(oldest)
  await oldest.close()
})

test('a ledger of a newer Sampan is left alone', async () => {
  const { database, session } = await ledger()
  await database.query('INSERT INTO sampan.migration (number) VALUES (999)')
  await expect(migrateLedger(session)).rejects.toMatchObject({ code: 'LEDGER_NEWER' })
  await session.close()
})

test('the same run is taken up again, a changed task under its name is refused', async () => {
  const { session } = await ledger()
  await openRun(session, { id: 'r', execution: 'e1' }, 'same', SOURCE)
  expect(await openRun(session, { id: 'r', execution: 'e2' }, 'same', SOURCE)).toMatchObject({
    state: 'open',
    source: SOURCE,
  })
  // Nothing is planned yet: what a remedy asks to exclude may be excluded.
  await openRun(session, { id: 'r', execution: 'e3' }, 'excluding', SOURCE)
  await markPlanned(session, 'r', 'objects_planned_at')
  expect(await openRun(session, { id: 'r', execution: 'e4' }, 'excluding', SOURCE)).toMatchObject({ execution: 'e4' })
  await expect(openRun(session, { id: 'r', execution: 'e5' }, 'other', SOURCE)).rejects.toMatchObject({
    code: 'RUN_TASK_CHANGED',
  })
  await session.close()
})

test('Seal waits for a writer that is under way, and no writer comes after it', async () => {
  const { database, session } = await ledger()
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  const writer = await database.connect()
  await writer.query('BEGIN')
  await writer.query(`SELECT sampan.require_open('r')`)
  let sealed = false
  const sealing = sealRun(session, 'r').then(() => {
    sealed = true
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(sealed).toBe(false)
  await writer.query('COMMIT')
  await sealing
  await expect(writer.query(`SELECT sampan.require_open('r')`)).rejects.toMatchObject({ code: 'SP001' })
  expect(await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)).toMatchObject({ state: 'sealed' })
  await expect(openRun(session, { id: 'r', execution: 'e' }, 'other', SOURCE)).rejects.toMatchObject({
    code: 'RUN_SEALED',
  })
  await session.close()
})

test('an object is created once: the second claim finds the receipt', async () => {
  const { database, session } = await ledger()
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  await database.query(
    `INSERT INTO sampan.object (run, id, position, kind, name, stage, verdict) VALUES ('r', 1, 1, 'TABLE', 't', 'create', 'migrate')`,
  )
  const create = `SELECT sampan.claim_object('r', 1); CREATE TABLE public.t (); UPDATE sampan.object SET status = 'migrated' WHERE id = 1`
  await session.execute(create)
  await expect(session.execute(create)).rejects.toMatchObject({ sqlState: 'SP002' })
  await session.close()
})

/** Ten tables of a chunk each, of which the fifth is the largest. */
async function tenChunks() {
  const { database, session } = await ledger()
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  await database.query(`
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
      SELECT 'r', oid, 'public', 't' || oid, '{a}', '{int}', false, 0 FROM generate_series(1, 10) oid;
    INSERT INTO sampan.chunk (run, id, relation, kind, bytes)
      SELECT 'r', id, id, 'whole', CASE WHEN id = 5 THEN 1000 ELSE 10 END FROM generate_series(1, 10) id`)
  return { database, session }
}

test('no two claims hold the same chunk, and small chunks are claimed together up to the budget', async () => {
  const { database, session } = await tenChunks()
  const claims = await Promise.all(
    [1, 2, 3].map(async () => {
      const client = await database.connect()
      await client.query('BEGIN')
      const { rows } = await client.query<{ id: string }>(`SELECT id FROM sampan.claim_chunks('r', 1, 40, 64)`)
      return rows.map((row) => Number(row.id))
    }),
  )
  const all = claims.flat()
  expect(new Set(all).size).toBe(all.length)
  expect(all).toHaveLength(9)
  expect(claims).toContainEqual([5])
  await session.close()
})

test.each([
  [2, [5]],
  [3, [1, 2, 3, 4, 6, 7, 8, 9, 10]],
])('where the largest chunk was refused %i times, %j are claimed first', async (attempts, first) => {
  const { database, session } = await tenChunks()
  await database.query(`UPDATE sampan.chunk SET attempts = ${attempts} WHERE id = 5`)
  const claim = () => session.rows<{ id: number }>(`SELECT id FROM sampan.claim_chunks('r', 1, 1000, 64) ORDER BY id`)
  const claims = [await claim(), await claim()].map((chunks) => chunks.map(({ id }) => id))
  expect(claims[0]).toEqual(first)
  expect(claims.flat()).toHaveLength(10)
  await session.close()
})

test('what fails in the last stage is put down without values of rows, whoever says it', async () => {
  const { database, session } = await ledger()
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  await database.query(`
    CREATE FUNCTION says() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row 4111' USING ERRCODE = '42501'; END $$;
    INSERT INTO sampan.object (run, id, position, kind, name, owner, stage, sql, verdict) VALUES
      ('r', 1, 1, 'MATERIALIZED VIEW DATA', 'raised', '', 'own', 'SELECT public.says()', 'migrate'),
      ('r', 2, 2, 'MATERIALIZED VIEW DATA', 'quoted', '', 'own', $$SELECT 'v4111'::int$$, 'migrate'),
      ('r', 3, 3, 'OWNER', 'TABLE gone', 'postgres', 'own', 'ALTER TABLE public.gone OWNER TO postgres', 'migrate')`)
  expect(await handOver(session, 'r')).toBe(0)
  expect(await database.query('SELECT error_code, error_message FROM sampan.object ORDER BY id')).toEqual([
    { error_code: '42501', error_message: expect.stringMatching(/^a function of the database raised an error/) },
    { error_code: '22P02', error_message: 'invalid input syntax for type integer: ...' },
    { error_code: '42P01', error_message: 'relation "public.gone" does not exist' },
  ])
  await session.close()
})
