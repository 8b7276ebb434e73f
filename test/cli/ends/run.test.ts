import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { adoptRole, createDatabase, sharedServer } from '../../support/servers.ts'
import { spawnSampan } from '../spawn-sampan.ts'

const directory = mkdtempSync(join(tmpdir(), 'sampan-test-ends-run-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('two ends on the command line migrate a database, the same again goes on, and no password is written or printed', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (2)',
  )
  const destination = await createDatabase(sharedServer(18))
  const passwords = { from: 'hunter2-from', to: 'hunter2-to' }
  for (const [database, password] of [
    [source, passwords.from],
    [destination, passwords.to],
  ] as const) {
    await database.query(`CREATE ROLE ${database.name} SUPERUSER LOGIN PASSWORD '${password}'`)
    adoptRole(database.server, database.name)
  }
  const { host, port } = source.connection
  const passFile = join(directory, 'pgpass')
  writeFileSync(passFile, `${host}:${port}:${source.name}:${source.name}:${passwords.from}\n`, { mode: 0o600 })
  const there = destination.connection
  const out = join(directory, 'out')
  const run = (...more: string[]) =>
    spawnSampan(
      [
        ...['run', '--out', out, ...more],
        ...['--from', `postgres://${source.name}@${host}:${port}/${source.name}?sslmode=disable`],
        ...[
          '--to',
          `postgres://${destination.name}:${passwords.to}@${there.host}:${there.port}/${destination.name}?sslmode=disable`,
        ],
      ],
      { PGPASSFILE: passFile },
    ).ended

  const refused = await run()
  expect(refused, refused.stdout).toMatchObject({ status: 3 })
  expect(refused.stdout).toMatch(/sampan explain DST_VERSION_DIFFERS\n.* --acknowledge CODE/)

  const first = await run('--acknowledge', 'DST_VERSION_DIFFERS')
  expect(first, first.stdout).toMatchObject({ status: 0, stderr: '' })
  expect(await destination.query('SELECT count(*) AS n FROM t')).toEqual([{ n: '2' }])

  const again = await run('--acknowledge', 'DST_VERSION_DIFFERS')
  const name = (text: string) => /^Run (\S+): the same command again/m.exec(text)?.[1]
  expect(name(again.stdout)).toBe(name(first.stdout))
  expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing was written now') })

  const written = globSync('**/*', { cwd: out, withFileTypes: true }).filter((file) => file.isFile())
  const texts = written.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  expect(texts.length).toBeGreaterThan(3)
  expect([first.stdout, again.stdout, ...texts].join('\n')).not.toContain('hunter2')
})
