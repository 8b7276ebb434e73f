import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundleHandlers, describeBundles } from '../../infra/bundle.ts'

const lambdas = new URL('../../lambdas/', import.meta.url)

let room: string
let bundles: readonly Bundle[]

beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'sampan-bundle-'))
  const root = join(room, 'handlers')
  await mkdir(root)
  const from = (path: string) => JSON.stringify(new URL(path, lambdas).pathname)
  await writeFile(
    join(root, 'sql.ts'),
    `import { sqlFile } from ${from('core/postgres/sql-file.ts')}
/** Documentation shows sqlFile(new URL('./missing.sql', import.meta.url)) too. */
const text = sqlFile(new URL('./query.sql', import.meta.url))
export const handler = async (): Promise<string> => text`,
  )
  await writeFile(join(root, 'query.sql'), "SELECT '\\' || $1 -- “why”, `and` $so\n")
  await writeFile(
    join(root, 'dump.ts'),
    `import { dump } from ${from('stages/schema/pgdump/dump.ts')}
import { locatePgDump } from ${from('stages/schema/pgdump/locate.ts')}
export const handler = async () => ({ found: locatePgDump(), dump: typeof dump })`,
  )
  await writeFile(
    join(root, 'clouds.ts'),
    `import { apsara } from ${from('core/cloud/apsara.ts')}
import { openSource } from ${from('core/postgres/sessions.ts')}
export const handler = async () => [typeof apsara, typeof openSource]`,
  )
  bundles = await bundleHandlers({
    handlers: { Sql: 'sql.ts', Dump: 'dump.ts', Clouds: 'clouds.ts' },
    root,
    out: join(room, 'out'),
  })
})

afterAll(() => rm(room, { recursive: true, force: true }))

async function call<Answer>(name: string): Promise<Answer> {
  const module = await import(pathToFileURL(join(room, 'out', name, 'index.mjs')).href)
  return module.handler()
}

describe('a bundle', () => {
  it('has the text of its SQL in it, to the character', async () => {
    await rm(join(room, 'handlers', 'query.sql'))
    expect(await call<string>('Sql')).toBe("SELECT '\\' || $1 -- “why”, `and` $so\n")
  })

  it('that dumps a schema has the worker and the WebAssembly beside it, and finds them there', async () => {
    const { found } = await call<{ found: { worker: string; wasm: string } }>('Dump')
    expect(found.wasm).toBe(join(room, 'out', 'Dump', 'pg_dump.wasm'))
    expect(String(found.worker)).toBe(pathToFileURL(join(room, 'out', 'Dump', 'pg-dump-worker.mjs')).href)
    const original = await readFile(new URL('stages/schema/pgdump/vendor/pg_dump.wasm', lambdas))
    expect((await readFile(found.wasm)).equals(original)).toBe(true)
  })

  it('that dumps nothing has nothing beside it', () => {
    expect(existsSync(join(room, 'out', 'Sql', 'pg_dump.wasm'))).toBe(false)
    expect(bundles.find(({ name }) => name === 'Sql')?.files.map(({ name }) => name)).toEqual(['index.mjs'])
  })

  it('of CommonJS packages loads as an ES module', async () => {
    expect(await call('Clouds')).toEqual(['function', 'function'])
  })

  it('is far below what Lambda takes, and says its size', () => {
    for (const { bytes, name } of bundles) expect(bytes, name).toBeLessThan(8_000_000)
    expect(describeBundles(bundles)).toMatch(/^Dump .+ kB {2}with pg-dump-worker\.mjs \d+ kB, pg_dump\.wasm \d+ kB$/m)
  })

  it('is not made while a handler is missing, and all that are missing are named', async () => {
    const making = bundleHandlers({
      handlers: { Gone: 'gone.ts', Lost: 'lost/handler.ts' },
      root: join(room, 'handlers'),
      out: join(room, 'nothing'),
    })
    await expect(making).rejects.toThrow(/Gone: gone\.ts\n {2}Lost: lost\/handler\.ts/)
    expect(existsSync(join(room, 'nothing'))).toBe(false)
  })
})
