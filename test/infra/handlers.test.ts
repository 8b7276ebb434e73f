import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bundle, bundleHandlers } from '../../infra/bundle.ts'
import { type AnyFunctionName, FUNCTION_SETTINGS } from '../../infra/function-settings.ts'
import type { Right } from '../../infra/rights.ts'

const names = Object.keys(FUNCTION_SETTINGS) as AnyFunctionName[]

let out: string
let bundles: ReadonlyMap<string, Bundle>
let loaded: Readonly<Record<string, string>>

/** Loads the bundles as Lambda does: plain Node.js, and nothing of this repository beside them. */
const LOAD = `
import { pathToFileURL } from 'node:url'
const found = {}
for (const name of process.argv.slice(1)) {
  const module = await import(pathToFileURL(name + '/index.mjs').href).catch((error) => ({ handler: String(error) }))
  found[name] = typeof module.handler === 'function' ? 'function' : String(module.handler)
}
console.log(JSON.stringify(found))`

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'sampan-handlers-'))
  const made = await bundleHandlers({
    handlers: Object.fromEntries(names.map((name) => [name, FUNCTION_SETTINGS[name].handler])),
    root: fileURLToPath(new URL('../../lambdas', import.meta.url)),
    out,
  })
  bundles = new Map(made.map((bundle) => [bundle.name, bundle]))
  const answer = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', LOAD, ...names], {
    cwd: out,
  })
  loaded = JSON.parse(answer.stdout)
})

afterAll(() => rm(out, { recursive: true, force: true }))

const uses = (name: AnyFunctionName, file: string) =>
  bundles.get(name)?.sources.some((source) => source.endsWith(file)) ?? false

/** Which module a handler needs a right for, and the other way round. */
const NEEDS: readonly { readonly module: string; readonly rights: readonly Right[] }[] = [
  { module: 'lambdas/core/postgres/sessions.ts', rights: ['readDatabaseSecrets'] },
  { module: 'lambdas/core/cloud/alibaba.ts', rights: ['callAlibaba'] },
  // Closing asks for instances where groups of a run's own are allowed; the right to close then has it.
  { module: 'lambdas/core/cloud/rds.ts', rights: ['describeDatabases', 'closeRules'] },
  { module: 'lambdas/core/cloud/security-groups.ts', rights: ['openRules', 'closeRules'] },
  { module: 'lambdas/stages/access/open-rules.ts', rights: ['openRules'] },
  { module: 'lambdas/stages/access/close-rules.ts', rights: ['closeRules'] },
  { module: 'lambdas/core/cloud/executions.ts', rights: ['readExecutions'] },
  { module: 'lambdas/core/cloud/artefacts-s3.ts', rights: ['keepDocuments'] },
]

describe('the handler of', () => {
  it.each(names)('%s loads as it is deployed, with everything it needs in its bundle', (name) => {
    expect(loaded[name]).toBe('function')
  })

  it.each(names)('%s may do what its code can do, and no more', (name) => {
    const { rights } = FUNCTION_SETTINGS[name]
    for (const need of NEEDS) {
      const allowed = need.rights.some((right) => rights.includes(right))
      expect({ [need.module]: allowed }).toEqual({ [need.module]: uses(name, need.module) })
    }
  })

  it.each(names)('%s is in the databases’ network exactly where it speaks to them', (name) => {
    expect(FUNCTION_SETTINGS[name].inVpc).toBe(uses(name, 'lambdas/core/postgres/sessions.ts'))
  })
})
