import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import pg, { type Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { PG_DUMP_VERSION } from '../../../lambdas/core/postgres/pg-dump-version.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import { dump } from '../../../lambdas/stages/schema/pgdump/dump.ts'
import { bundledFiles } from '../../../lambdas/stages/schema/pgdump/locate.ts'
import { readArchive } from '../../../lambdas/stages/schema/toc/read.ts'
import { createDatabase, sharedServer, startTestServer } from '../../support/servers.ts'

const run = promisify(execFile)
const vendor = new URL('../../../lambdas/stages/schema/pgdump/vendor/', import.meta.url)
const allKinds = await readFile(new URL('./all-kinds.sql', import.meta.url), 'utf8')

/** What makes two dumps equal: everything but the ids, which are counted anew in each. */
async function objectsOf(client: Client, options: Partial<Parameters<typeof dump>[0]> = {}): Promise<string[]> {
  const { archive } = await dump({ client, ...options })
  return readArchive(archive).entries.map(({ kind, schema, tag, sql }) => `${kind} ${schema} ${tag} ${sql}`)
}

describe('the vendored pg_dump', () => {
  test('is the file whose SHA-256 is written down, and the script makes it again from the package', async () => {
    const sums = await readFile(new URL('SHA256SUMS', vendor), 'utf8')
    for (const line of sums.trim().split('\n')) {
      const [sum, name = ''] = line.split('  ')
      expect(
        createHash('sha256')
          .update(await readFile(new URL(name, vendor)))
          .digest('hex'),
        name,
      ).toBe(sum)
    }
    const folder = await mkdtemp(join(tmpdir(), 'vendor-'))
    await run(process.execPath, [fileURLToPath(new URL('../../../scripts/vendor-pg-dump.ts', import.meta.url)), folder])
    expect(await readFile(join(folder, 'SHA256SUMS'), 'utf8')).toBe(sums)
    await rm(folder, { recursive: true })
  })
})

describe.each([15, 18] as const)('pg_dump over a connection that is already open, PostgreSQL %d', (major) => {
  test('lists every kind of object with its SQL, in an order in which it can be made', async () => {
    const database = await createDatabase(sharedServer(major), allKinds)
    const { archive, notices } = await dump({ client: await database.connect() })
    const { entries, serverVersion, dumpVersion } = readArchive(archive)
    expect(dumpVersion).toMatch(new RegExp(`^${PG_DUMP_VERSION.replace('.', '\\.')}(?!\\d)`))
    expect(serverVersion).toMatch(new RegExp(`^${major}\\.`))
    expect(notices).toEqual([])
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(
      new Set([
        ...'ENCODING,STDSTRINGS,SEARCHPATH,DATABASE,SCHEMA,COMMENT,ACL,COLLATION,TYPE,DOMAIN,FUNCTION,CAST,TABLE'.split(
          ',',
        ),
        ...'VIEW,PROCEDURE,AGGREGATE,ACCESS METHOD,OPERATOR,OPERATOR FAMILY,OPERATOR CLASS,CONVERSION'.split(','),
        ...'TEXT SEARCH PARSER,TEXT SEARCH TEMPLATE,TEXT SEARCH DICTIONARY,TEXT SEARCH CONFIGURATION'.split(','),
        ...'FOREIGN DATA WRAPPER,SERVER,USER MAPPING,SEQUENCE,FOREIGN TABLE,MATERIALIZED VIEW,SEQUENCE OWNED BY'.split(
          ',',
        ),
        ...'TABLE ATTACH,DEFAULT,CHECK CONSTRAINT,CONSTRAINT,INDEX,INDEX ATTACH,STATISTICS,RULE,TRIGGER,FK CONSTRAINT'.split(
          ',',
        ),
        ...'ROW SECURITY,POLICY,PUBLICATION,PUBLICATION TABLE,PUBLICATION TABLES IN SCHEMA,DEFAULT ACL,EVENT TRIGGER'.split(
          ',',
        ),
      ]),
    )
    const seen = new Set<number>()
    for (const entry of entries) {
      const later = entry.dependencies.filter((id) => !seen.has(id) && entries.some((other) => other.id === id))
      expect(later, `${entry.kind} ${entry.tag}`).toEqual([])
      seen.add(entry.id)
    }
  })

  test('an account without any right on the tables sees the same objects, and locks nothing', async () => {
    const database = await createDatabase(sharedServer(major), allKinds)
    const role = `nobody_${database.name}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; REVOKE ALL ON SCHEMA shop FROM PUBLIC`)
    const full = await objectsOf(await database.connect())
    // Held as a running ALTER TABLE holds it. (Tables under views are locked by the server itself when it prints them.)
    const busy = await database.connect()
    await busy.query('BEGIN; LOCK TABLE shop.no_columns IN ACCESS EXCLUSIVE MODE')
    const client = await database.connect({ user: role, password: 'x', lock_timeout: 1000 })
    const seen = await objectsOf(client)
    await busy.query('ROLLBACK')
    await client.end()
    await database.query(`DROP ROLE ${role}`)
    expect(seen).toEqual(full)
  })

  test('a hidden column version that a security update left behind is not dumped', async () => {
    const database = await createDatabase(
      sharedServer(major),
      `CREATE TABLE t (a int, b int, c int); ALTER TABLE t ALTER b SET (n_distinct = 5);
       UPDATE pg_attribute SET attoptions = coalesce(attoptions, '{}') || '{pg_attver=3}' WHERE attrelid = 't'::regclass AND attnum IN (1, 2)`,
    )
    const objects = (await objectsOf(await database.connect())).join('\n')
    expect(objects).not.toContain('pg_attver')
    expect(objects).toContain('SET (n_distinct=5)')
  })

  test('without a transaction of its own it gives the same', async () => {
    const database = await createDatabase(sharedServer(major), allKinds)
    const locked = await objectsOf(await database.connect(), { skipLocks: false })
    expect(await objectsOf(await database.connect(), { skipTransaction: true })).toEqual(locked)
  })

  test('a superuser’s dump names subscriptions', async () => {
    const database = await createDatabase(
      sharedServer(major),
      `CREATE SUBSCRIPTION inbound CONNECTION 'host=127.0.0.1' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    )
    const objects = await objectsOf(await database.connect())
    await database.query('DROP SUBSCRIPTION inbound')
    expect(objects.join('\n')).toContain('SUBSCRIPTION null inbound')
  })

  test('large objects come as metadata only', async () => {
    const database = await createDatabase(sharedServer(major), allKinds)
    const { archive } = await dump({ client: await database.connect(), args: ['--schema-only', '--large-objects'] })
    const kinds = readArchive(archive).entries.map(({ kind }) => kind)
    expect(kinds).not.toContain('BLOBS')
  })
})

describe('a dump that goes wrong', () => {
  test('a server newer than pg_dump is named before anything is asked', async () => {
    const client = { query: async () => ({ rows: [{ name: 'server_version_num', setting: '190001' }] }) }
    await expect(dump({ client: client as unknown as Client })).rejects.toMatchObject({
      code: 'SRC_VERSION_TOO_NEW',
      message: expect.stringContaining('PostgreSQL 19'),
    })
  })

  test('a connection that breaks in the middle is a connection error, worth waiting for', async () => {
    const { database, client, waiting } = await heldUp()
    const dumping = dump({ client, skipLocks: false })
    // It may end before the statement that ends it has answered.
    dumping.catch(() => {})
    await waiting()
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    await expect(dumping).rejects.toMatchObject({ retryable: true })
  })

  test('it ends when it is told to stop, and when its time is up', async () => {
    const first = await heldUp()
    const stop = new AbortController()
    const stopped = dump({ client: first.client, skipLocks: false, signal: stop.signal })
    await first.waiting()
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ code: 'STOPPED' })
    const second = await heldUp()
    const late = await dump({ client: second.client, skipLocks: false, timeout: 800 }).catch(
      (thrown: unknown) => thrown,
    )
    expect(late).toBeInstanceOf(SampanError)
    expect(late).toMatchObject({ code: 'SRC_DUMP_TIMED_OUT', retryable: true })
  })

  test('more objects than one transaction can lock are read without one', { tags: 'long' }, async () => {
    const {
      host,
      port,
      superuser: user,
      password,
    } = await startTestServer({
      major: 18,
      settings: { max_locks_per_transaction: '10', max_connections: '10' },
    })
    const open = async (sql?: string) => {
      const client = new pg.Client({ host, port, user, password, database: 'postgres' })
      await client.connect()
      if (sql) await client.query(sql)
      return client
    }
    const setup = await open()
    for (let at = 0; at < 3000; at += 100) {
      await setup.query(
        Array.from(
          { length: 100 },
          (_, n) => `CREATE TABLE t${at + n} (); CREATE VIEW v${at + n} AS SELECT FROM t${at + n}`,
        ).join(';'),
      )
    }
    await setup.end()
    const first = await open()
    await expect(dump({ client: first })).rejects.toMatchObject({ code: 'SRC_DUMP_LOCKS' })
    const second = await open()
    const { archive } = await dump({ client: second, skipTransaction: true })
    await second.end()
    expect(readArchive(archive).entries.filter(({ kind }) => kind === 'VIEW')).toHaveLength(3000)
  })

  test('a right that is missing is told in the server’s words', async () => {
    const database = await createDatabase(sharedServer(18), 'CREATE TABLE t (a int)')
    const role = `poor_${database.name}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
    const client = await database.connect({ user: role, password: 'x' })
    await expect(dump({ client, skipLocks: false })).rejects.toMatchObject({
      code: 'SRC_DUMP_FAILED',
      message: expect.stringContaining('permission denied'),
    })
    await client.end()
    await database.query(`DROP ROLE ${role}`)
  })
})

test('bundled by esbuild into one folder it works as in the source tree', { tags: 'long' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'))
  const entry = fileURLToPath(new URL('../../../lambdas/stages/schema/pgdump/dump.ts', import.meta.url))
  const options = { logLevel: 'error', bundle: true, platform: 'node', format: 'esm', target: 'node24' } as const
  await build({ ...options, entryPoints: [entry], outfile: join(folder, 'handler.mjs'), external: ['pg'] })
  await build({ ...options, entryPoints: [bundledFiles.worker.entry], outfile: join(folder, bundledFiles.worker.name) })
  await cp(bundledFiles.wasm.entry, join(folder, bundledFiles.wasm.name))
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
  const database = await createDatabase(sharedServer(18), 'CREATE TABLE bundled (a int)')
  await writeFile(
    join(folder, 'main.mjs'),
    `import pg from 'pg'; import { dump } from './handler.mjs'
     const client = new pg.Client(JSON.parse(process.argv[2])); await client.connect()
     const { archive } = await dump({ client }); await client.end()
     console.log(Buffer.from(archive).includes('CREATE TABLE public.bundled'))`,
  )
  const { stdout } = await run(process.execPath, [join(folder, 'main.mjs'), JSON.stringify(database.connection)])
  expect(stdout.trim()).toBe('true')
  await rm(folder, { recursive: true })
})

/** A client whose dump will wait for a lock that another session holds. */
async function heldUp() {
  const database = await createDatabase(sharedServer(18), 'CREATE TABLE held (a int)')
  const holder = await database.connect()
  await holder.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE')
  const waiting = async () => {
    for (let found = 0; found === 0; ) {
      const rows = await database.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      found = rows.length
    }
  }
  return { database, client: await database.connect(), waiting }
}
