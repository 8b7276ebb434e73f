import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { reportSchema } from '../../lambdas/stages/report/model.ts'
import manifest from '../../package.json' with { type: 'json' }
import { temporaryDirectory } from '../support/directories.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** Where the package is "installed": its JavaScript beside the modules it depends on, nothing else of the repository. */
let place: string
let command: string

beforeAll(async () => {
  place = await temporaryDirectory()
  command = join(place, 'dist', 'cli', 'sampan.mjs')
  await run(process.execPath, ['--no-warnings', join(root, 'scripts', 'build-package.ts'), join(place, 'dist')])
  await symlink(join(root, 'node_modules'), join(place, 'node_modules'))
})

describe('the installed command', () => {
  it('says its version, and the commit it was built from', async () => {
    const { stdout } = await run(process.execPath, [command, '--version'], { cwd: place })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+( \([0-9a-f]{7,}\))?\n$/)
    expect(stdout).toContain(manifest.version)
    // npm links the file as it is.
    expect((await stat(command)).mode & 0o111).toBe(0o111)
  })

  it('migrates the shop of the demo: workers, SQL and pg_dump are where the modules look for them', async () => {
    const here = join(place, 'here')
    await mkdir(here)
    const { stdout } = await run(process.execPath, [command, 'demo'], {
      cwd: here,
      env: { ...process.env, NO_COLOR: '1' },
    })
    expect(stdout).toContain('exactly as before the run')
    const report = reportSchema.parse(JSON.parse(await readFile(join(here, 'out', 'report.json'), 'utf8')))
    expect(report.status).toBe('succeeded')
  })
})
