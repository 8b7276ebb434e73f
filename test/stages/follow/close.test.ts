import { beforeAll, expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import {
  holdReceipt,
  intendStream,
  moveReceipt,
  noteSource,
  withdrawCutover,
} from '../../../lambdas/core/ledger/stream.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { changeIdentities } from '../../../lambdas/core/stream/identities.ts'
import { dropStream } from '../../../lambdas/core/stream/leftovers.ts'
import { streamName } from '../../../lambdas/core/stream/names.ts'
import { serverObstacles } from '../../../lambdas/core/stream/server.ts'
import { handler } from '../../../lambdas/stages/follow/handler.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import {
  createDatabase,
  type ServerAddress,
  sharedServer,
  startTestServer,
  type TestDatabase,
} from '../../support/servers.ts'

let server: ServerAddress
beforeAll(async () => {
  server = await startTestServer({ major: 15, settings: { wal_level: 'logical', max_replication_slots: '4' } })
})

const SLOTS = 'SELECT slot_name::text AS name FROM pg_replication_slots WHERE database = current_database()'
const IDENTITY = { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' }

/** Of each database a source with a slot of the run's and a destination whose ledger knows its starts, the newest last. */
async function started(starts: readonly (readonly string[])[]) {
  const pairs = await Promise.all(
    starts.map(async () => [await createDatabase(server), await createDatabase(sharedServer(15))] as const),
  )
  const databases = pairs.map(([source, destination]) => ({ name: source.name, as: destination.name }))
  const [first] = pairs
  if (first === undefined) throw new Error('no database')
  const event: StepEvent = { ...stepEvent(...first, { mode: 'follow', follow: {}, databases }), database: null }
  for (const [index, [source, destination]] of pairs.entries()) {
    const ledger = await openSession(destination, 'destination')
    await migrateLedger(ledger)
    for (const execution of starts[index] ?? [])
      await openRun(ledger, { ...event.run, execution }, 'fingerprint', IDENTITY, 'follow')
    await ledger.close()
    await openSlot(source, streamName({ ...event, database: databases[index] ?? null }))
  }
  const close = (execution: string) =>
    handler({ ...event, run: { ...event.run, execution }, what: 'close' }, stepContext())
  const left = async () => (await Promise.all(pairs.map(([source]) => source.query(SLOTS)))).map(({ length }) => length)
  return { event, close, left, pairs }
}

const openSlot = (source: TestDatabase, name: string) =>
  source.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)

test('who has been taken over from in one database closes none, and who has taken over closes also those it never came to', {
  tags: 'long',
}, async () => {
  const { close, left } = await started([['older', 'newer'], ['older']])
  expect(await close('older')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([1, 1])
  // One that never came to the ledger, beside one that may be at work.
  expect(await close('newest')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([1, 1])
  expect(await close('newer')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([0, 0])
})

test('what the start that has sealed a run could not close is closed by its next one', async () => {
  const { close, left, pairs } = await started([['first']])
  await pairs[0]?.[1].query(`UPDATE sampan.run SET state = 'sealed', sealed_at = now()`)
  expect(await close('second')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([0])
})

test('runs of one name to two destinations have a slot and a publication each, and close their own', async () => {
  const { event, close, left, pairs } = await started([['only']])
  const [[source]] = pairs as [(typeof pairs)[number]]
  const elsewhere = { ...event.task.destination, host: 'elsewhere' }
  const database = { name: source.name, as: pairs[0]?.[1].name ?? '' }
  const other = streamName({ ...event, task: { ...event.task, destination: elsewhere }, database })
  expect(other).not.toBe(streamName({ ...event, database }))
  expect(streamName({ ...event, database: { ...database, as: 'other' } })).not.toBe(streamName({ ...event, database }))
  await openSlot(source, other)
  await source.query(`CREATE PUBLICATION ${other}`)
  expect(await close('only')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([1])
  expect(await source.query(SLOTS)).toEqual([{ name: other }])
  expect(await source.query('SELECT pubname AS name FROM pg_publication')).toEqual([{ name: other }])
  await source.query(`SELECT pg_drop_replication_slot('${other}')`)
})

test('what the task called otherwise when it was opened is closed by the name that the ledger has', async () => {
  const { close, left, pairs } = await started([['only']])
  const [[source, destination]] = pairs as [(typeof pairs)[number]]
  await source.query(
    `SELECT pg_copy_logical_replication_slot(slot_name, 'sampan_0000000000000000') FROM (${SLOTS.replace('slot_name::text AS name', 'slot_name')}) s`,
  )
  await destination.query(
    `INSERT INTO sampan.stream (run, slot, publication, state) VALUES ('test-run', 'sampan_0000000000000000', 'sampan_0000000000000000', 'intended')`,
  )
  expect(await left()).toEqual([2])
  expect(await close('only')).toMatchObject({ verdict: 'done' })
  expect(await left()).toEqual([0])
})

test('a stream that is opened anew behind changes that were applied has nothing proved by digests of the older view', async () => {
  const { close, pairs } = await started([['only']])
  const [[, destination]] = pairs as [(typeof pairs)[number]]
  await destination.query(
    `SET session_replication_role = replica;
     INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, rows, digest) VALUES ('test-run', 1, 1, 'whole', 1, 'done', 1, 1, 7)`,
  )
  const ledger = await openSession(destination, 'destination')
  const open = () => intendStream(ledger, 'test-run', { slot: 's', publication: 's' })
  const digest = () => destination.query('SELECT digest FROM sampan.chunk')
  await open()
  await open()
  expect(await digest()).toEqual([{ digest: '7' }])
  await destination.query('UPDATE sampan.stream SET changes = 1')
  await open()
  expect(await digest()).toEqual([{ digest: null }])
  expect(await destination.query('SELECT changes FROM sampan.stream')).toEqual([{ changes: '0' }])
  await ledger.close()
  expect(await close('only')).toMatchObject({ verdict: 'done' })
})

test('a receipt is held against others that follow, and keeps nobody from the row beside it', async () => {
  const { close, pairs } = await started([['only']])
  const [[, destination]] = pairs as [(typeof pairs)[number]]
  await destination.query(
    `INSERT INTO sampan.stream (run, slot, publication, state, receipt) VALUES ('test-run', 's', 's', 'open', '0/1')`,
  )
  const [holder, other, control] = await Promise.all([1, 2, 3].map(() => openSession(destination, 'destination')))
  if (holder === undefined || other === undefined || control === undefined) throw new Error('no session')
  await holder.execute('BEGIN')
  await holdReceipt(holder, 'test-run', '0/1')
  // As the same process does, while a transaction of the source is larger than memory: it would wait for itself.
  await control.execute(`SET lock_timeout = '2s'`)
  await noteSource(control, 'test-run', { at: '0/9', retained: '7' })
  await withdrawCutover(control, 'test-run', 'why')
  await other.execute('BEGIN')
  const second = holdReceipt(other, 'test-run', '0/1')
  await moveReceipt(holder, 'test-run', { from: '0/1', to: '0/5', changes: 1, healed: 0 })
  await holder.execute('COMMIT')
  await expect(second).rejects.toMatchObject({ code: 'FOLLOW_TAKEN_OVER' })
  await other.execute('ROLLBACK')
  expect(await destination.query('SELECT receipt, retained, withdrawn FROM sampan.stream')).toEqual([
    { receipt: '0/5', retained: '7', withdrawn: 'why' },
  ])
  await control.execute(`UPDATE sampan.stream SET state = 'closed', closed_because = 'kept too much'`)
  await expect(holdReceipt(holder, 'test-run', '0/5')).rejects.toMatchObject({
    code: 'FOLLOW_STREAM_CLOSED',
    message: expect.stringContaining('kept too much'),
  })
  await Promise.all([holder, other, control].map((session) => session.close()))
  expect(await close('only')).toMatchObject({ verdict: 'done' })
})

test('an identity that two runs need is put back by the last of them', async () => {
  const source = await createDatabase(server, 'CREATE TABLE bare (a int)')
  const session = await openSession(source, 'source')
  const [row] = await source.query(`SELECT 'bare'::regclass::oid::text AS oid`)
  const change = { oid: Number(row?.oid), schema: 'public', name: 'bare', from: 'd', to: 'f', index: null } as const
  const [one, other] = ['sampan_000000000000000a', 'sampan_000000000000000b']
  await source.query(`CREATE PUBLICATION ${one}; CREATE PUBLICATION ${other}`)
  await changeIdentities(session, one, [change])
  for (const each of [one, other]) await source.query(`ALTER PUBLICATION ${each} ADD TABLE bare`)
  const identity = async () => (await source.query(`SELECT relreplident AS is FROM pg_class WHERE relname = 'bare'`))[0]
  await dropStream(session, one)
  expect(await identity()).toEqual({ is: 'f' })
  // The application's own: it would fail if the identity were gone.
  await source.query('INSERT INTO bare VALUES (1); UPDATE bare SET a = 2')
  await dropStream(session, other)
  expect(await identity()).toEqual({ is: 'd' })
  expect(await source.query('SELECT 1 FROM pg_publication')).toEqual([])
  await session.close()
})

test('slots and walsenders are counted for all databases that are followed', async () => {
  const source = await createDatabase(server)
  const session = await openSession(source, 'source')
  const names = ['a', 'b', 'c'].map((letter) => `sampan_000000000000001${letter}`)
  const slots = async () => (await serverObstacles(session, names)).filter((one) => one.includes('slots'))
  for (const taken of ['taken_1', 'taken_2']) await openSlot(source, taken)
  expect(await slots()).toEqual([expect.stringContaining('needs 3 more replication slots')])
  await openSlot(source, names[0] ?? '')
  expect(await slots()).toEqual([expect.stringContaining('needs 2 more replication slots')])
  await source.query(`SELECT pg_drop_replication_slot('taken_1')`)
  expect(await slots()).toEqual([])
  await source.query(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()`,
  )
  await session.close()
})
