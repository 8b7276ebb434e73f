import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runTask } from '../../cli/run-task.ts'
import { printOutcome } from '../../cli/summary/print.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { reportSchema } from '../../lambdas/stages/report/model.ts'
import { apsaraInstance } from '../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../local/fakes/clouds.ts'
import { addSecurityGroup } from '../../local/fakes/ec2.ts'
import { rdsInstance } from '../../local/fakes/rds.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import type { Server } from '../../local/servers/server.ts'
import { makeCertificate } from '../support/certificates.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../support/servers.ts'

/** Every value of a row in these tests has it. */
const PLANTED = 'planted-7f3a'
const KEY_PASSWORD = 'key-password-51c0'
const folder = mkdtempSync(join(tmpdir(), 'sampan-leaks-'))
const authority = makeCertificate({ name: 'authority' })

let source: Server
let clouds: FakeClouds
let secrets: readonly string[]

beforeAll(async () => {
  const server = makeCertificate({ name: 'server', issuer: authority, hosts: ['127.0.0.1'] })
  source = await startTestServer({
    major: 15,
    ssl: { ...server, ca: authority.cert },
    hostRules: ['hostssl all migrator 127.0.0.1/32 cert', 'host all migrator 127.0.0.1/32 reject'],
  })
  await atSource('postgres', 'CREATE ROLE migrator SUPERUSER LOGIN')
  const destination = sharedServer(18)
  clouds = await startFakeClouds({
    rds: [rdsInstance({ identifier: 'orders', host: '127.0.0.1', port: source.port, securityGroups: ['sg-1'] })],
    apsara: [apsaraInstance({ instance: 'pgm-1', host: '127.0.0.1', port: destination.port })],
    secrets: { 'of-the-destination': JSON.stringify({ username: 'postgres', password: destination.password }) },
  })
  addSecurityGroup(clouds.state.ec2, 'sg-1', [])
  const { AWS_SECRET_ACCESS_KEY = '', ALIBABA_CLOUD_ACCESS_KEY_SECRET = '' } = clouds.environment
  Object.assign(process.env, clouds.environment)
  const client = makeCertificate({ name: 'migrator', issuer: authority })
  const key = client.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: KEY_PASSWORD })
    .toString()
  for (const [name, text] of Object.entries({ ca: authority.cert, crt: client.cert, key, word: KEY_PASSWORD })) {
    writeFileSync(join(folder, name), text)
  }
  secrets = [
    KEY_PASSWORD,
    destination.password,
    source.password,
    AWS_SECRET_ACCESS_KEY,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    'a private key that must never be logged',
    ...key.split('\n').filter((line) => line.length > 40),
  ]
}, 60_000)
afterAll(async () => {
  await clouds.stop()
  rmSync(folder, { recursive: true })
})

async function atSource(database: string, sql: string): Promise<void> {
  const pg = (await import('pg')).default
  const { host, port, password } = source
  const client = new pg.Client({ host, port, user: 'postgres', password, database })
  await client.connect()
  await client.query(sql)
  await client.end()
}

/** Everything a run of some databases writes, said and kept, as one text per place. */
async function run(databases: readonly TestDatabase[]) {
  const directory = await mkdtemp(join(tmpdir(), 'sampan-leaks-run-'))
  const file = (name: string) => ({ file: join(folder, name) })
  const input: TaskInput = {
    name: databases[0]?.name.replaceAll('_', '-') ?? '',
    source: {
      rdsInstance: 'orders',
      user: 'migrator',
      tls: { ca: file('ca'), certificate: file('crt'), key: file('key'), keyPassword: file('word') },
    },
    destination: {
      apsaraInstance: 'pgm-1',
      region: 'ap-southeast-1',
      secret: 'of-the-destination',
      tls: { mode: 'disable' },
    },
    databases: databases.map(({ name }) => ({ name })),
    lanes: 2,
    retry: { connectionMinutes: 10, otherMinutes: 1 },
    access: { dtsCidrs: 'auto', whitelistAddresses: ['52.1.2.3'] },
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'COMPUTED_ANEW', 'SRC_WITHOUT_SECURITY_GROUP'] },
  }
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(JSON.stringify(problems))
  const history: string[] = []
  const said: string[] = []
  const say = (text: unknown) => said.push(String(text)) > 0
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(say))
  try {
    const outcome = await runTask({
      input,
      task,
      executionName: 'e1',
      directory,
      display: 'auto',
      signal: new AbortController().signal,
      handlers: recorded(await loadHandlers(), history),
    })
    await printOutcome(outcome, directory, 'text')
    await printOutcome(outcome, directory, 'json')
    const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
    const places = new Map([
      ['history', history.join('\n')],
      ['said', said.join('')],
      ['outcome', JSON.stringify(outcome)],
    ])
    for (const name of await readdir(directory, { recursive: true })) {
      const text = await readFile(join(directory, name), 'utf8').catch(() => null)
      if (text !== null) places.set(name, text)
    }
    for (const database of databases) {
      for (const [table, text] of await ledgerOf(database)) places.set(`${database.name}: ${table}`, text)
    }
    return { outcome, report, places }
  } finally {
    for (const spy of spies) spy.mockRestore()
    await rm(directory, { recursive: true })
  }
}

/** What the state machine hands to each function, and what it gets: its history. */
function recorded(handlers: Handlers, history: string[]): Handlers {
  const wrapped = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (...given: Parameters<typeof handler>) => {
      history.push(`${name} ${JSON.stringify(given[0])}`)
      const answer = await handler(...given)
      history.push(`${name} ${JSON.stringify(answer)}`)
      return answer
    },
  ])
  return Object.fromEntries(wrapped) as Handlers
}

/** Every row of every table of the ledger. */
async function ledgerOf(database: TestDatabase): Promise<Map<string, string>> {
  const tables = await database.query(
    `SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'sampan' AND c.relkind = 'r'`,
  )
  const texts = new Map<string, string>()
  for (const { relname } of tables) {
    const rows = await database.query(`SELECT t::text AS row FROM sampan.${relname} t`)
    texts.set(String(relname), rows.map(({ row }) => row).join('\n'))
  }
  return texts
}

function placesWith(places: ReadonlyMap<string, string>, words: readonly string[]): string[] {
  return [...places].flatMap(([place, text]) =>
    words.flatMap((word) => {
      const at = text.indexOf(word)
      return at < 0 ? [] : [`${place}: …${text.slice(Math.max(0, at - 80), at + 40)}…`]
    }),
  )
}

/** A database of the same name on both servers. */
async function both(sql: string): Promise<TestDatabase> {
  const destination = await createDatabase(sharedServer(18))
  await atSource('postgres', `CREATE DATABASE ${destination.name} TEMPLATE template0`)
  await atSource(destination.name, sql)
  return destination
}

const rows = `SELECT '${PLANTED}-' || i FROM generate_series(1, 50) i`
/** What holds on the source and breaks on the newer destination. */
const NEWER = `pg_catalog.current_setting('server_version_num')::int >= 180000`

test('a run by client certificate through both clouds writes no secret and no value of a row', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const database = await both(`CREATE TABLE t (id int PRIMARY KEY, note text UNIQUE);
    INSERT INTO t SELECT row_number() OVER (), note FROM (${rows}) AS r(note)`)
  const { outcome, report, places } = await run([database])
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.databases[0]?.tables[0]).toMatchObject({ match: true })
  expect([...places.keys()]).toEqual(expect.arrayContaining(['history', 'log.jsonl', 'report.html', 'report.json']))
  expect(placesWith(places, [...secrets, PLANTED])).toEqual([])
})

// Its retry windows are a real minute each.
test('a run whose rows are refused tells why without telling the rows', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const databases = await Promise.all([
    // A table's own checks come behind its rows, and those of its columns' domains; below an array a domain's are there before.
    both(`CREATE DOMAIN older AS text CHECK (NOT ${NEWER});
      CREATE TABLE checked (notes older[]);
      INSERT INTO checked SELECT ARRAY[note]::older[] FROM (${rows}) AS r(note);
      CREATE FUNCTION say(note text) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN IF ${NEWER} THEN RAISE EXCEPTION 'bad row %', note USING ERRCODE = 'check_violation'; END IF; RETURN true; END $$;
      CREATE DOMAIN spoken AS text CHECK (public.say(VALUE));
      CREATE TABLE said (notes spoken[]);
      INSERT INTO said SELECT ARRAY[note]::spoken[] FROM (${rows}) AS r(note)`),
    both(`CREATE FUNCTION say(note text) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN IF ${NEWER} THEN RAISE EXCEPTION 'bad row %', note USING ERRCODE = 'check_violation'; END IF; RETURN true; END $$;
      CREATE DOMAIN spoken AS text CHECK (public.say(VALUE));
      CREATE TABLE later (note spoken);
      INSERT INTO later ${rows}`),
    both(`CREATE FUNCTION number(note text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN ${NEWER} THEN note::int ELSE 1 END; END $$;
      CREATE TABLE invalid (note text, n int GENERATED ALWAYS AS (public.number(note)) STORED);
      INSERT INTO invalid ${rows};
      CREATE FUNCTION nothing(note text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN ${NEWER} THEN NULL ELSE note END; END $$;
      CREATE TABLE empty (note text, n text GENERATED ALWAYS AS (public.nothing(note)) STORED NOT NULL);
      INSERT INTO empty ${rows}`),
    both(`CREATE FUNCTION same(note text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
        $$ BEGIN RETURN CASE WHEN ${NEWER} THEN '${PLANTED}'::text ELSE note END; END $$;
      CREATE TABLE twice (note text);
      INSERT INTO twice ${rows};
      CREATE UNIQUE INDEX twice_key ON twice (public.same(note))`),
  ])
  const { outcome, report, places } = await run(databases)
  expect(outcome.exitStatus).toBe(1)
  const told = JSON.stringify(report.databases.map(({ error, objects }) => [error, objects]))
  expect(told).toMatch(/DST_ROWS_REFUSED/)
  expect(told).toMatch(/could not create unique index/)
  expect(told).toMatch(/NOT VALID/)
  // The check of a column's own domain is left NOT VALID.
  expect(report.databases.map(({ status }) => status)).toEqual(['failed', 'succeeded', 'failed', 'failed'])
  expect(placesWith(places, secrets)).toEqual([])
  // A function's own text is an object, and one of them has the word in it.
  const leaks = placesWith(places, [`${PLANTED}-`, `(${PLANTED}`])
  expect(leaks).toEqual([])
})
