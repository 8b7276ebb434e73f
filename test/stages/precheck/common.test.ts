import { beforeAll, describe, expect, test } from 'vitest'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import { destinationVersion } from '../../../lambdas/stages/precheck/checks/destination-version.ts'
import { isOlder } from '../../../lambdas/stages/precheck/checks/extension-older.ts'
import { localeAbsent } from '../../../lambdas/stages/precheck/checks/locale-absent.ts'
import { lz4Missing } from '../../../lambdas/stages/precheck/checks/lz4-missing.ts'
import { objectsRefused } from '../../../lambdas/stages/precheck/checks/objects-refused.ts'
import { sourceVersion } from '../../../lambdas/stages/precheck/checks/source-version.ts'
import { versionDiffers } from '../../../lambdas/stages/precheck/checks/version-differs.ts'
import { versionOlder } from '../../../lambdas/stages/precheck/checks/version-older.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { plainLocale } from '../../../lambdas/stages/precheck/facts/locale.ts'
import { stepEvent } from '../../support/events.ts'
import { adoptDatabase, createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { asDatabase, blocking, freshName, itemFor, itemOf, precheck } from './prechecks.ts'

let plain: TestDatabase

beforeAll(async () => {
  plain = await createDatabase(sharedServer(18))
})

/** A database made with options of its own. */
async function databaseWith(major: 15 | 18, options: string, sql?: string): Promise<TestDatabase> {
  const name = freshName('test')
  const server = sharedServer(major)
  const { host, port, superuser: user, password } = server
  const connection = { host, port, user, password, database: 'postgres' }
  const maker = asDatabase({ ...plain, server, connection }, 'postgres')
  const client = await maker.connect(connection)
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0 ${options}`)
  await client.end()
  const database = adoptDatabase(server, name)
  if (sql) await database.query(sql)
  return database
}

/** The check’s code where it finds something between servers of these versions. */
async function ask(check: Check, source: number, destination: number): Promise<string> {
  const context = { source: { serverVersion: source }, destinationServer: { serverVersion: destination } }
  return (await check.run(context as CheckContext)).length === 0 ? 'passed' : check.level
}

describe('versions', () => {
  test('9.4 to 18 are read, others are SRC_VERSION_UNSUPPORTED', async () => {
    expect(
      await Promise.all([90_326, 90_400, 180_001, 190_000].map((version) => ask(sourceVersion, version, 0))),
    ).toEqual(['error', 'passed', 'passed', 'error'])
  })

  test('10 and later are written to, others are DST_VERSION_UNSUPPORTED', async () => {
    expect(await Promise.all([90_624, 100_000, 180_001].map((version) => ask(destinationVersion, 0, version)))).toEqual(
      ['error', 'passed', 'passed'],
    )
  })

  test.each([
    [150_018, 150_002, 'passed', 'passed'],
    [150_018, 180_001, 'warning', 'passed'],
    [90_500, 90_600, 'warning', 'passed'],
    [180_000, 150_018, 'passed', 'error'],
    [90_600, 90_524, 'passed', 'error'],
    [100_000, 90_600, 'passed', 'error'],
  ])('from %d to %d: differs %s, older %s', async (source, destination, differs, older) => {
    expect(await ask(versionDiffers, source, destination)).toBe(differs)
    expect(await ask(versionOlder, source, destination)).toBe(older)
  })

  test('the real servers: a newer major is a warning that can be acknowledged, an older one is not', {
    tags: 'long',
  }, async () => {
    const old = await createDatabase(sharedServer(15))
    const up = await precheck(old, plain)
    expect(itemOf(up, 'DST_VERSION_DIFFERS')).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(up).toMatchObject({ refused: true })
    const accepted = await precheck(old, plain, { overrides: { precheck: { acknowledge: ['DST_VERSION_DIFFERS'] } } })
    expect(accepted).toMatchObject({ refused: false, score: 100 })
    expect(itemOf(accepted, 'DST_VERSION_DIFFERS')).toMatchObject({ status: 'acknowledged', blocks: false })
    const down = await precheck(plain, old, { overrides: { precheck: { acknowledge: ['DST_VERSION_OLDER'] } } })
    expect(itemOf(down, 'DST_VERSION_OLDER')).toMatchObject({ status: 'failed', level: 'error', blocks: true })
    expect(itemOf(down, 'ACKNOWLEDGE_REFUSED')).toMatchObject({ status: 'failed', details: ['DST_VERSION_OLDER'] })
    expect(itemOf(up, 'ACKNOWLEDGE_REFUSED').status).toBe('passed')
  })

  test('an acknowledged code that no check has is an error', async () => {
    // What OpenAccess asks approval for is no check's, and yet no mistake.
    const overrides = { precheck: { acknowledge: ['DST_VERSION_DIFERS', 'ACCESS_BLOCK_BROAD'] } }
    const document = await precheck(await createDatabase(sharedServer(15)), plain, { overrides })
    expect(itemOf(document, 'ACKNOWLEDGE_UNKNOWN')).toMatchObject({
      status: 'failed',
      blocks: true,
      details: ['DST_VERSION_DIFERS'],
    })
  })
})

test('what a newer destination has no more is a warning, one line for each object', async () => {
  const sql = `CREATE TABLE t (a int PRIMARY KEY, b text); CREATE VIEW grouped AS SELECT a, b FROM t GROUP BY a;
    CREATE VIEW writers AS SELECT buffers_backend FROM pg_stat_bgwriter; CREATE VIEW above AS SELECT 1 AS one FROM writers`
  const source = await createDatabase(sharedServer(15), sql)
  const item = itemOf(await precheck(source, plain, { only: [objectsRefused] }), 'DST_OBJECTS_REFUSED')
  expect(item).toMatchObject({
    level: 'warning',
    blocks: true,
    details: ['view public.writers: column pg_stat_bgwriter.buffers_backend does not exist; with it view public.above'],
  })
  expect(await plain.query(`SELECT relname FROM pg_class WHERE relname IN ('t', 'grouped')`)).toEqual([])
  const same = await precheck(source, await createDatabase(sharedServer(15)), { only: [objectsRefused] })
  expect(itemOf(same, 'DST_OBJECTS_REFUSED').status).toBe('passed')
})

describe('extensions', () => {
  const insert = (name: string, version: string) =>
    `INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     VALUES (99999, '${name}', 10, 'public'::regnamespace, false, '${version}')`

  test('one that the destination does not offer is an error', async () => {
    const source = await createDatabase(sharedServer(15), `CREATE EXTENSION hstore; ${insert('postgis', '3.4.2')}`)
    const item = await itemFor('EXTENSION_MISSING', source, plain)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, details: ['postgis 3.4.2'] })
  })

  test('what both have is no matter, Amazon’s own are no missing ones', async () => {
    const source = await createDatabase(sharedServer(15), `CREATE EXTENSION hstore; ${insert('aws_commons', '1.2')}`)
    const document = await precheck(source, plain)
    for (const code of ['EXTENSION_MISSING', 'EXTENSION_OLDER', 'EXTENSION_NOT_CREATABLE']) {
      expect(itemOf(document, code).status, code).toBe('passed')
    }
    expect(itemOf(document, 'EXTENSION_AWS_ONLY').status).toBe('failed')
  })

  test('an older version on the destination is a warning', async () => {
    const source = await createDatabase(sharedServer(15), insert('hstore', '99.0'))
    const item = await itemFor('EXTENSION_OLDER', source, plain)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details[0]).toMatch(/^hstore 99\.0, the destination has 1\.\d+$/)
  })

  test('one that was made on the destination beforehand counts with the version and the schema it has there', {
    tags: 'long',
  }, async () => {
    const source = await createDatabase(sharedServer(15), 'CREATE SCHEMA lib; CREATE EXTENSION citext SCHEMA lib')
    const destination = await createDatabase(sharedServer(18), `CREATE EXTENSION citext VERSION '1.4'`)
    const document = await precheck(source, destination)
    expect(itemOf(document, 'EXTENSION_OLDER').details).toEqual(['citext 1.6, the destination has 1.4'])
    expect(itemOf(document, 'EXTENSION_SCHEMA_DIFFERS')).toMatchObject({
      level: 'warning',
      details: ['ALTER EXTENSION "citext" SET SCHEMA "lib"'],
    })
    await destination.query('CREATE SCHEMA lib; ALTER EXTENSION citext SET SCHEMA lib; ALTER EXTENSION citext UPDATE')
    const mended = await precheck(source, destination)
    for (const code of ['EXTENSION_OLDER', 'EXTENSION_SCHEMA_DIFFERS']) {
      expect(itemOf(mended, code).status, code).toBe('passed')
    }
  })

  test.each([
    ['1.9', '1.10', true],
    ['1.10', '1.9', false],
    ['2', '2.0', false],
    ['3.4.1', '3.4.2', true],
    ['unpackaged', '1.0', false],
  ])('%s is older than %s: %s', (left, right, expected) => expect(isOlder(left, right)).toBe(expected))
})

describe('encoding and locale', () => {
  const latin = `ENCODING 'LATIN1' LOCALE 'C'`

  test.each([
    [latin, latin, 'passed'],
    [latin, '', 'passed'],
    ['', latin, 'failed'],
    ['', `ENCODING 'SQL_ASCII' LOCALE 'C'`, 'failed'],
  ])('from "%s" to "%s": %s', async (from, to, expected) => {
    const [source, destination] = await Promise.all([databaseWith(15, from), databaseWith(18, to)])
    expect((await itemFor('ENCODING_DIFFERS', source, destination)).status).toBe(expected)
  })

  test('bytes of an unknown encoding are a warning, unless both sides are alike', async () => {
    const ascii = `ENCODING 'SQL_ASCII' LOCALE 'C'`
    const source = await databaseWith(15, ascii)
    const item = await itemFor('ENCODING_SQL_ASCII', source, plain)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    const alike = await precheck(source, await databaseWith(18, ascii))
    expect(itemOf(alike, 'ENCODING_SQL_ASCII').status).toBe('passed')
  })

  test('a byte that becomes another one in another encoding is told as CHAR_BYTES', async () => {
    const sql = `CREATE DOMAIN flag AS "char"; CREATE TABLE t (id int, c "char", f flag, l "char"[], b char(1)); CREATE VIEW v AS SELECT c FROM t`
    const [source, alike] = await Promise.all([databaseWith(15, latin, sql), databaseWith(18, latin)])
    const item = await itemFor('CHAR_BYTES', source, plain)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual(['public.t.c', 'public.t.f', 'public.t.l'])
    expect((await itemFor('CHAR_BYTES', source, alike)).status).toBe('passed')
    const newer = await databaseWith(18, latin, sql)
    expect((await itemFor('CHAR_BYTES', newer, plain)).status).toBe('passed')
    expect((await itemFor('CHAR_BYTES', newer, await createDatabase(sharedServer(15)))).status).toBe('failed')
  })

  test('another order of text is a warning', async () => {
    const source = await createDatabase(sharedServer(15))
    const other = await databaseWith(18, `LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`)
    const item = await itemFor('COLLATION_DIFFERS', source, other)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual([
      'provider: libc on the source, builtin on the destination',
      'locale: none on the source, C.utf8 on the destination',
    ])
    expect((await itemFor('COLLATION_DIFFERS', source, plain)).status).toBe('passed')
  })

  test('so is one that a database will get that is still to be made', async () => {
    const rules = '& V << w <<< W'
    const source = await databaseWith(18, `LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '${rules}'`)
    const missing = (database: TestDatabase) => asDatabase(database, freshName('missing'))
    const older = await precheck(source, missing(await createDatabase(sharedServer(15))))
    expect(itemOf(older, 'COLLATION_DIFFERS')).toMatchObject({
      ...{ status: 'failed', level: 'warning', blocks: true },
      details: [`rules: ${rules} on the source, none on the destination`],
    })
    const alike = await precheck(source, missing(plain))
    expect(itemOf(alike, 'COLLATION_DIFFERS').status).toBe('passed')
    expect(itemOf(alike, 'DST_LOCALE_ABSENT').status).toBe('passed')
  })

  test('the same locale in another spelling is the same', () => {
    expect(plainLocale('en_US.UTF-8')).toBe(plainLocale('en_US.utf8'))
    expect(plainLocale('POSIX')).toBe(plainLocale('C'))
    expect(plainLocale('C.UTF-8')).not.toBe(plainLocale('C'))
    expect(plainLocale('de_DE@euro')).not.toBe(plainLocale('de_DE'))
  })

  test('a collation the destination’s server lacks is an error that names the column', async () => {
    const source = await createDatabase(
      sharedServer(15),
      `SET allow_system_table_mods = on; CREATE COLLATION pg_catalog."xx_YY" (LOCALE = 'C');
       CREATE COLLATION own (LOCALE = 'C');
       CREATE TABLE t (a text COLLATE "xx_YY", b text COLLATE "C", c text COLLATE own, PRIMARY KEY (b))`,
    )
    const item = await itemFor('COLLATION_MISSING', source, plain)
    expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, details: ['xx_YY, of public.t.a'] })
    expect(
      (await itemFor('COLLATION_MISSING', source, plain, { include: ['*.*'], exclude: ['public.t'] })).status,
    ).toBe('passed')
  })

  test('the locale of a database that is to be created must be known to the destination', async () => {
    const source = await createDatabase(sharedServer(15))
    const document = await precheck(source, asDatabase(plain, freshName('missing')))
    expect(itemOf(document, 'DST_LOCALE_ABSENT').status).toBe('passed')
    // No database can be made with a locale the machine lacks: the source’s answer is given by hand.
    const session = await openDestination(stepEvent(source, plain), {}, { purpose: 'test' })
    const context = (collate: string, more: object = {}) =>
      ({
        destinationMissing: true,
        destinationServer: session,
        fact: async () => ({
          collate,
          ctype: 'C',
          encoding: 'UTF8',
          provider: 'c',
          locale: null,
          rules: null,
          ...more,
        }),
      }) as unknown as CheckContext
    expect(await localeAbsent.run(context('xx_YY.UTF-8'))).toMatchObject([{ cause: expect.stringContaining('xx_YY') }])
    expect(await localeAbsent.run(context('C'))).toEqual([])
    expect(await localeAbsent.run(context('C', { provider: 'b', locale: 'C.UTF-8' }))).toEqual([])
    expect(await localeAbsent.run(context('C', { provider: 'b', locale: 'PG_UNICODE_SLOW' }))).toMatchObject([
      { cause: expect.stringContaining('PG_UNICODE_SLOW, built in') },
    ])
    await session.close()
  })

  test('money under another lc_monetary is a warning, where there is any', async () => {
    const source = await createDatabase(
      sharedServer(15),
      'CREATE TABLE t (a int PRIMARY KEY, price money, list money[])',
    )
    const other = await createDatabase(sharedServer(18))
    expect((await itemFor('LC_MONETARY_DIFFERS', source, other)).status).toBe('passed')
    await source.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lc_monetary = ''C.UTF-8''', current_database()); END $$`,
    )
    const item = await itemFor('LC_MONETARY_DIFFERS', source, other)
    expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
    expect(item.details).toEqual(['public.t.list', 'public.t.price'])
    const without = await precheck(source, other, { exclude: ['public.t'] })
    expect(itemOf(without, 'LC_MONETARY_DIFFERS').status).toBe('passed')
  })
})

describe('lz4', () => {
  const columns = [{ schema: 'public', name: 't', column: 'a' }]

  /** Neither server in npm differs from the other in lz4: the answers are given by hand. */
  function context(destinationKnows: boolean, version = 150_000): CheckContext {
    return {
      source: { serverVersion: version, rows: async () => columns },
      destinationServer: { rows: async () => (destinationKnows ? [{ '?column?': 1 }] : []) },
      fact: async () => () => true,
    } as unknown as CheckContext
  }

  test('columns compressed with it are an error where the destination is built without it', async () => {
    expect(lz4Missing).toMatchObject({ code: 'LZ4_MISSING', level: 'info' })
    expect(await lz4Missing.run(context(false))).toMatchObject([{ details: ['public.t.a'] }])
    expect(await lz4Missing.run(context(true))).toEqual([])
    expect(await lz4Missing.run(context(false, 130_000))).toEqual([])
  })

  test('the queries are good', async () => {
    const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a text COMPRESSION pglz)')
    expect((await itemFor('LZ4_MISSING', source, plain)).status).toBe('passed')
  })
})

test('a database with an ordinary locale goes from 15 to 18 with one warning to acknowledge', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int PRIMARY KEY)')
  expect(blocking(await precheck(source, plain))).toEqual(['DST_VERSION_DIFFERS'])
  const same = await createDatabase(sharedServer(18), 'CREATE TABLE t (a int PRIMARY KEY)')
  expect(await precheck(same, plain)).toMatchObject({ score: 100, refused: false })
})
