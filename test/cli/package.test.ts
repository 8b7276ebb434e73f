import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
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
  await copyFile(join(root, 'package.json'), join(place, 'package.json'))
})

describe('the installed command', () => {
  it('says its version, and the commit it was built from', { tags: 'long' }, async () => {
    const { stdout } = await run(process.execPath, [command, '--version'], { cwd: place })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+( \([0-9a-f]{7,}\))?\n$/)
    expect(stdout).toContain(manifest.version)
    // npm links the file as it is.
    expect((await stat(command)).mode & 0o111).toBe(0o111)
  })

  it('migrates the shop of the demo: workers, SQL and pg_dump are where the modules look for them', {
    tags: 'long',
  }, async () => {
    const here = join(place, 'here')
    await mkdir(here)
    const migrated = run(process.execPath, [command, 'demo', '--ui'], {
      cwd: here,
      env: { ...process.env, NO_COLOR: '1' },
    })
    const page = await new Promise<string>((resolve) => {
      migrated.child.stderr?.on('data', (part) => {
        const [, url] = /Live page, for this machine only: (\S+)/.exec(String(part)) ?? []
        if (url !== undefined) resolve(url)
      })
    })
    for (const name of ['', 'page.js', 'page.css', 'uplot.js', 'report.css'])
      expect((await fetch(new URL(name, page))).status).toBe(200)
    const { stdout } = await migrated
    expect(stdout).toContain('exactly as before the run')
    const report = reportSchema.parse(JSON.parse(await readFile(join(here, 'out', 'report.json'), 'utf8')))
    expect(report.status).toBe('succeeded')
  })
})

describe('the construct of the package', () => {
  const app = (options: string) => `import { App, CfnOutput, Stack } from 'aws-cdk-lib'
import { Sampan } from 'sampan/cdk'
const app = new App({ outdir: process.argv[2] ?? '' })
const stack = new Stack(app, 'Platform')
const sampan = new Sampan(stack, 'Moves', ${options})
new CfnOutput(stack, 'Topic', { value: sampan.alarmTopic.topicArn })
app.synth()
`

  it('has types, which know the options', { tags: 'long' }, async () => {
    const wrong = "\nnew Sampan(stack, 'Others', { network: 'made' })\n"
    await writeFile(join(place, 'app.ts'), app("{ name: 'Moves', network: 'create', size: 'large' }") + wrong)
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
    const checked = run(join(root, 'node_modules/.bin/tsc'), [...options, 'app.ts'], { cwd: place })
    // The right use beside it is none.
    const only = /^app\.ts\(9,\d+\): error TS2322: Type '"made"' is not assignable [^\n]*\n$/
    await expect(checked).rejects.toMatchObject({ stdout: expect.stringMatching(only) })
  })

  it('stands in a stack of others, with its code', { tags: 'long' }, async () => {
    const out = join(place, 'cdk.out')
    await writeFile(join(place, 'app.mjs'), app("{ name: 'Moves', network: 'create' }"))
    await run(process.execPath, [join(place, 'app.mjs'), out], { cwd: place })
    const template = JSON.parse(await readFile(join(out, 'Platform.template.json'), 'utf8'))
    const resources = Object.values<{ Type: string; Properties: Record<string, unknown> }>(template.Resources)
    const machines = resources.filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
    expect(machines.map(({ Properties }) => Properties.StateMachineName)).toEqual(['Moves'])
    const assets = JSON.parse(await readFile(join(out, 'Platform.assets.json'), 'utf8'))
    const directories = Object.values<{ source: { path: string } }>(assets.files).map(({ source }) => source.path)
    const codes = directories.filter((path) => path.startsWith('asset.'))
    expect(codes.length).toBeGreaterThan(20)
    await Promise.all(
      codes.map(async (path) => expect((await stat(join(out, path, 'index.mjs'))).size).toBeGreaterThan(0)),
    )
  })

  it('refuses options with every problem', async () => {
    await writeFile(join(place, 'app.mjs'), app("{ size: 'huge', logDays: 8 }"))
    const refused = run(process.execPath, [join(place, 'app.mjs'), join(place, 'none')], { cwd: place })
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(/ {2}size: .*\n {2}logDays: /) })
  })
})
