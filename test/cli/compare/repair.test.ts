import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { requireTellable } from '../../../cli/compare/repair/repair-rows.ts'
import { fenceRun } from '../../../lambdas/core/ledger/fence.ts'
import { readRelations } from '../../../lambdas/core/ledger/relations.ts'
import { beginRepair, endRepair, fenceRepair } from '../../../lambdas/core/ledger/repairs.ts'
import { connect, type Session } from '../../../lambdas/core/postgres/connect.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { sideOf } from '../../support/run.ts'
import { adoptRole, createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'
import { sampan } from '../in-process.ts'

const SHOP = `
  CREATE TABLE parent (id int PRIMARY KEY, name text); INSERT INTO parent SELECT n, 'p' || n FROM generate_series(1, 50) n;
  CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child SELECT n, n FROM generate_series(1, 50) n;
  CREATE TABLE alone (id int PRIMARY KEY, name text); INSERT INTO alone SELECT n, 'a' || n FROM generate_series(1, 50) n;
  CREATE TABLE price (id int PRIMARY KEY, amount numeric(6,2)); INSERT INTO price VALUES (1, 1.25), (2, 2.5);
  CREATE TABLE bare (n int); INSERT INTO bare VALUES (1), (2), (3);
  CREATE TABLE tree (id int PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE tree_low PARTITION OF tree FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
  CREATE TABLE tree_leaf PARTITION OF tree_low FOR VALUES FROM (0) TO (50);
  CREATE TABLE tree_rest PARTITION OF tree DEFAULT;
  CREATE TABLE leans (id int PRIMARY KEY, tree int REFERENCES tree);
  INSERT INTO tree VALUES (1), (200); INSERT INTO leans VALUES (1, 1), (2, 200)`

let source: TestDatabase
let destination: TestDatabase
let name: string
let ask: (task?: object, ...args: string[]) => ReturnType<typeof sampan>
/** What was written on the destination may go. */
const repair = (task: object = {}, ...args: string[]) => ask(task, '--lose-rows', ...args)

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), SHOP)
  destination = await createDatabase(sharedServer(18))
  const { outcome, input } = await migrate(source, destination)
  expect(outcome.exitStatus).toBe(0)
  name = input.name
  const directory = await temporaryDirectory()
  ask = async (change = {}, ...args) => {
    const path = join(directory, `${randomBytes(4).toString('hex')}.json`)
    const task = { ...input, ...change }
    await writeFile(path, JSON.stringify(task))
    const asked = ['--out', join(directory, 'out'), '--settle', '0', '--quiet', '--repair', task.name]
    return sampan('compare', path, ...asked, ...args)
  }
}, 60_000)

const rows = async (table: string) =>
  (await destination.query(`SELECT string_agg(t::text, ' ' ORDER BY t::text) AS rows FROM ${table} t`))[0]?.rows

describe('a repair is refused, and nothing is written', () => {
  test('where what was written on the destination since would be lost; what the source alone has comes', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    await source.query(`INSERT INTO parent VALUES (51, 'p51')`)
    await destination.query(`INSERT INTO bare VALUES (9); UPDATE alone SET name = 'sold' WHERE id = 1`)
    const [alone, changed, missing] = [
      await ask({}, '--table', 'public.bare'),
      await ask({}, '--table', 'public.alone'),
      await ask({}, '--table', 'public.parent'),
    ]
    expect(alone.stderr).toContain(
      'REPAIR_LOSES_ROWS  what was written on the destination would be lost: rows that only it has are in public.bare (1)',
    )
    expect(changed.stderr).toContain('would be lost: since the run was complete somebody has written to public.alone')
    expect(missing).toMatchObject({ status: 0 })
    expect(await rows('bare')).toContain('(9)')
    expect(await rows('alone')).toContain('(1,sold)')
    expect(await rows('parent')).toContain('(51,p51)')
    await destination.query(`DELETE FROM bare WHERE n = 9; UPDATE alone SET name = 'a1' WHERE id = 1`)
  })

  test('where numbers of rows are all that is compared', async () => {
    await destination.query('INSERT INTO bare VALUES (4)')
    const counts = await repair({}, '--mode', 'counts', '--table', 'public.bare')
    expect(counts).toMatchObject({ status: 1 })
    expect(counts.stderr).toContain('REPAIR_BY_COUNTS')
    expect(await rows('bare')).toBe('(1) (2) (3) (4)')
    await destination.query('DELETE FROM bare WHERE n = 4')
  }, 60_000)

  test('where rows without a key have a column that no digest is of', async () => {
    const open = (side: 'source' | 'destination') =>
      connect({ side, ...{ source, destination }[side].connection, tls: false, applicationName: 'test' })
    const [here, there] = await Promise.all([open('source'), open('destination')])
    try {
      const relations = await readRelations(there, name)
      const alike = { code: 'REPAIR_ROWS_ALIKE', message: expect.stringMatching(/compared: public\.bare$/) }
      await expect(requireTellable(here, relations, new Set(relations.map(({ oid }) => oid)))).rejects.toMatchObject(
        alike,
      )
      const undigested = relations.map((one) => ({ ...one, source: { ...one.source, digestSql: null } }))
      await expect(requireTellable(here, undigested, new Set())).rejects.toMatchObject(alike)
      await requireTellable(here, relations, new Set())
    } finally {
      await Promise.all([here.close(), there.close()])
    }
  })

  test('where the destination has no such run, or it is not complete', { tags: 'long', timeout: 60_000 }, async () => {
    await destination.query(`UPDATE alone SET name = 'x' WHERE id = 1`)
    const before = await rows('alone')
    const other = await repair({ name: `${name}-2` })
    expect(other).toMatchObject({ status: 1 })
    expect(other.stderr).toContain('REPAIR_NO_RUN')
    await destination.query(`UPDATE sampan.run SET state = 'open'`)
    expect((await repair()).stderr).toContain('REPAIR_NOT_SEALED')
    await destination.query(`UPDATE sampan.run SET state = 'sealed'`)
    expect(await rows('alone')).toBe(before)
  })

  test('where the task has other filters or expressions than the run that migrated the table', async () => {
    await destination.query(`UPDATE alone SET name = 'x' WHERE id = 1`)
    const before = await rows('alone')
    const columns = { name: { expression: `md5(name)` } }
    const databases = [{ name: source.name, as: destination.name, tables: { 'public.alone': { columns } } }]
    const masked = await repair({ databases }, '--table', 'public.alone')
    expect(masked).toMatchObject({ status: 1 })
    expect(masked.stderr).toContain('REPAIR_OTHER_ROWS')
    expect(await rows('alone')).toBe(before)
  }, 60_000)

  test('where triggers would fire in spite of it, and where columns of the destination’s own would lose their values', async () => {
    await destination.query(`
      CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER always BEFORE INSERT ON alone FOR EACH ROW EXECUTE FUNCTION pass(); ALTER TABLE alone ENABLE ALWAYS TRIGGER always;
      ALTER TABLE alone ADD own int DEFAULT 7; UPDATE alone SET name = 'x' WHERE id = 1`)
    const { stderr } = await repair()
    expect(stderr).toContain(
      'REPAIR_TRIGGERS  triggers or rules that are ENABLE ALWAYS or REPLICA would act on what is repaired: public.alone',
    )
    expect(stderr).toContain('REPAIR_COLUMNS')
    expect(stderr).toContain('public.alone (own)')
    expect(await rows('alone')).toContain('(1,x,7)')
    await destination.query('DROP TRIGGER always ON alone; DROP FUNCTION pass(); ALTER TABLE alone DROP own')
  }, 60_000)

  test('where the account may not switch triggers off, for tables that have some; a table that has none is repaired', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const role = `repairer_${randomBytes(4).toString('hex')}`
    adoptRole(destination.server, role)
    await destination.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret-enough'; GRANT ALL ON SCHEMA public, sampan TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA public, sampan TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA sampan TO ${role};
      UPDATE alone SET name = 'x' WHERE id = 1; UPDATE child SET parent = 2 WHERE id = 1`)
    const side = { destination: { ...sideOf(destination.connection), user: role, password: 'secret-enough' } }
    const { stderr } = await repair(side)
    expect(stderr).toContain('REPAIR_TRIGGERS  triggers, rules or foreign keys would act on what is repaired')
    expect(stderr).toContain('public.child')
    expect(await rows('child')).toContain('(1,2)')
    const alone = await repair(side, '--table', 'public.alone')
    expect(alone).toMatchObject({ status: 0, stderr: '' })
    expect(await rows('alone')).toContain('(1,a1)')
    expect(await repair()).toMatchObject({ status: 0 })
    expect(await rows('child')).toContain('(1,1)')
  })

  test('where a foreign key would be broken by the repair of one table alone', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    await destination.query(
      'SET session_replication_role = replica; DELETE FROM parent WHERE id = 9; DELETE FROM child WHERE id = 9',
    )
    const { stderr, status } = await repair({}, '--table', 'public.child')
    expect(status).toBe(1)
    expect(stderr).toContain('REPAIR_BREAKS_KEYS')
    expect(stderr).toContain('child_parent_fkey of public.child')
    expect(await rows('child')).not.toContain('(9,9)')
    expect(await repair()).toMatchObject({ status: 0 })
    expect(await rows('child')).toContain('(9,9)')
  })

  test('where the table above its own tree is referred to, and would lose the row', async () => {
    await destination.query('INSERT INTO tree VALUES (2); INSERT INTO leans VALUES (3, 2)')
    const alone = await repair({}, '--table', 'public.tree_leaf')
    expect(alone).toMatchObject({ status: 1 })
    expect(alone.stderr).toContain('REPAIR_BREAKS_KEYS')
    expect(alone.stderr).toContain('leans_tree_fkey of public.leans')
    expect(await rows('tree')).toBe('(1) (2) (200)')
    await destination.query('DELETE FROM leans WHERE id = 3; DELETE FROM tree WHERE id = 2')
  }, 60_000)

  test('where somebody deletes the parent of a row that is copied again', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const other = await connect({ side: 'destination', ...destination.connection, tls: false, applicationName: 'test' })
    try {
      await destination.query('DELETE FROM child WHERE id = 11')
      await other.execute('BEGIN')
      await other.execute('DELETE FROM public.parent WHERE id = 11')
      const waiting = async () =>
        (await destination.query(`SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'`)).length
      const repairing = repair({}, '--table', 'public.child')
      await Promise.race([repairing, expect.poll(waiting, { timeout: 30_000 }).toBe(1)])
      await other.execute('COMMIT')
      expect((await repairing).stderr).toContain('REPAIR_BREAKS_KEYS')
      expect(await rows('child')).not.toContain('(11,11)')
    } finally {
      await other.close()
    }
    expect(await repair()).toMatchObject({ status: 0 })
  })

  test('where the run has not migrated the table, whatever its oid is now', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const later = 'CREATE TABLE later (id int PRIMARY KEY)'
    await source.query(`${later}; INSERT INTO later VALUES (1); CREATE TABLE fresh (LIKE alone INCLUDING ALL);
      INSERT INTO fresh SELECT * FROM alone; DROP TABLE alone; ALTER TABLE fresh RENAME TO alone;
      ALTER INDEX fresh_pkey RENAME TO alone_pkey`)
    await destination.query(`${later}; UPDATE alone SET name = 'x' WHERE id = 1`)
    expect((await repair({}, '--table', 'public.later')).stderr).toContain('REPAIR_OTHER_ROWS')
    const columns = { name: { expression: `md5(name)` } }
    const databases = [{ name: source.name, as: destination.name, tables: { 'public.alone': { columns } } }]
    const masked = await repair({ databases }, '--table', 'public.alone')
    expect(masked.stderr).toContain('REPAIR_OTHER_ROWS')
    expect(await rows('alone')).toContain('(1,x)')
    for (const end of [source, destination]) await end.query('DROP TABLE later')
    expect(await repair()).toMatchObject({ status: 0 })
    expect(await rows('alone')).toContain('(1,a1)')
  })

  test('where the destination cannot hold what the source does: the repair is taken back', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    await destination.query('ALTER TABLE price ALTER amount TYPE numeric(6,1)')
    const before = await rows('price')
    const { stderr } = await repair({}, '--table', 'public.price')
    expect(stderr).toContain('REPAIR_NOT_EQUAL  public.price is not equal behind its repair')
    expect(await rows('price')).toBe(before)
    await destination.query('ALTER TABLE price ALTER amount TYPE numeric(6,2)')
    expect(await repair()).toMatchObject({ status: 0 })
    expect(await rows('price')).toBe('(1,1.25) (2,2.50)')
  })
})

test('a table that refers to a partitioned one is repaired, whatever partition its parents are in', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  await destination.query('UPDATE leans SET tree = 1 WHERE id = 2; DELETE FROM leans WHERE id = 1')
  expect(await repair({}, '--table', 'public.leans')).toMatchObject({ status: 0 })
  expect(await rows('leans')).toBe('(1,1) (2,200)')
})

test('a trigger of the destination’s own does not act on a repair', { tags: 'long', timeout: 60_000 }, async () => {
  await destination.query(`UPDATE alone SET name = 'x' WHERE id = 3;
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'kept'; RETURN NEW; END $$;
    CREATE TRIGGER keep BEFORE INSERT ON alone FOR EACH ROW EXECUTE FUNCTION keep()`)
  // The function and the trigger are what differs then.
  expect(await repair()).toMatchObject({ status: 5 })
  expect(await rows('alone')).toContain('(3,a3)')
  await destination.query('DROP TRIGGER keep ON alone; DROP FUNCTION keep()')
})

describe('behind a seal', () => {
  const session = (execution: string): Promise<Session> =>
    connect({
      side: 'destination',
      ...destination.connection,
      tls: false,
      applicationName: 'test',
      settings: { 'sampan.execution': execution },
    })

  test('one repair writes, by its name: no start of the run, no earlier repair, none that has ended', async () => {
    const [first, second] = [await session('first'), await session('second')]
    try {
      expect(await beginRepair(first, { id: name, execution: 'first' })).toBe(true)
      await fenceRepair(first, name)
      await expect(fenceRepair(second, name)).rejects.toMatchObject({ code: 'REPAIR_TAKEN_OVER' })
      await expect(fenceRun(first, name)).rejects.toMatchObject({ code: 'RUN_SEALED' })
      expect(await beginRepair(second, { id: name, execution: 'second' })).toBe(true)
      await expect(fenceRepair(first, name)).rejects.toMatchObject({ code: 'REPAIR_TAKEN_OVER' })
      await endRepair(first, { id: name, execution: 'first' })
      await fenceRepair(second, name)
      await endRepair(second, { id: name, execution: 'second' })
      await expect(fenceRepair(second, name)).rejects.toMatchObject({ code: 'REPAIR_TAKEN_OVER' })
    } finally {
      await Promise.all([first.close(), second.close()])
    }
  })

  test('a repair that begins waits for one that is writing', async () => {
    const [first, second] = [await session('first'), await session('second')]
    try {
      await beginRepair(first, { id: name, execution: 'first' })
      await first.execute('BEGIN')
      await fenceRepair(first, name)
      let begun = false
      const beginning = beginRepair(second, { id: name, execution: 'second' }).then(() => {
        begun = true
      })
      await expect
        .poll(async () => (await destination.query(`SELECT count(*) AS n FROM pg_locks WHERE NOT granted`))[0]?.n)
        .not.toBe('0')
      expect(begun).toBe(false)
      await first.execute('COMMIT')
      await beginning
      await endRepair(second, { id: name, execution: 'second' })
    } finally {
      await Promise.all([first.close(), second.close()])
    }
  })
})
