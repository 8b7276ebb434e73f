import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reportSchema } from '../../lambdas/stages/report/model.ts'
import { commandLine } from '../../local/servers/process-table.ts'

const sampan = fileURLToPath(new URL('../../cli/sampan.ts', import.meta.url))

/** The directory it is started in, and the one for its temporary files. */
let here: string
let temporary: string

beforeEach(async () => {
  here = await mkdtemp(join(tmpdir(), 'test-demo-'))
  temporary = await mkdtemp(join(tmpdir(), 'test-demo-temporary-'))
  // Under root the servers run as another user, who has to get in.
  await chmod(temporary, 0o711)
})
afterEach(async () => {
  await rm(here, { recursive: true, force: true })
  await rm(temporary, { recursive: true, force: true })
})

/** Starts the demo; `interruptAt`: sends SIGINT as soon as its output holds this. */
async function play(interruptAt?: string, ...options: readonly string[]) {
  const child = spawn(process.execPath, ['--no-warnings', sampan, 'demo', ...options], {
    cwd: here,
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let interrupted = false
  const listen = (part: Buffer) => {
    output += part
    if (interrupted || interruptAt === undefined || !output.includes(interruptAt)) return
    interrupted = true
    child.kill('SIGINT')
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, output }
}

/** Command lines of processes that still use the demo's temporary files. */
async function leftProcesses(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return []
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  return ids.map((id) => commandLine(id)).filter((line) => line.includes(temporary))
}

describe('the demo', () => {
  it('migrates the shop, exactly, and leaves nothing but its report', async () => {
    const { status, output } = await play()
    expect({ status, output }).toMatchObject({ status: 0 })
    expect(output).toContain('exactly as before the run')
    const report = reportSchema.parse(JSON.parse(await readFile(join(here, 'out', 'report.json'), 'utf8')))
    expect(report.status).toBe('succeeded')
    expect(report.databases[0]?.tables.every(({ match }) => match === true)).toBe(true)
    expect(report.access.opened.length).toBeGreaterThan(0)
    expect(report.access.open).toEqual([])
    expect(await readFile(join(here, 'out', 'report.html'), 'utf8')).toContain('</html>')
    expect(await readdir(temporary)).toEqual([])
    expect(await leftProcesses()).toEqual([])
  }, 180_000)

  it('goes on selling while it is followed, closes for the cutover alone, and opens at the destination', {
    tags: 'long',
    timeout: 240_000,
  }, async () => {
    const { status, output } = await play(undefined, '--follow')
    expect({ status, output }).toMatchObject({ status: 0 })
    expect(output).toMatch(/[1-9][\d,]* orders sold while the shop moved; both ends have all 4\d,\d{3} orders/)
    expect(output).toMatch(/closed for \d+\.\d s[\s\S]* is sold at the destination/)
    const report = reportSchema.parse(JSON.parse(await readFile(join(here, 'out', 'report.json'), 'utf8')))
    expect(report.databases[0]?.tables.every(({ match }) => match === true)).toBe(true)
    expect(await readdir(temporary)).toEqual([])
    expect(await leftProcesses()).toEqual([])
  })

  it.each([
    ['while servers start', 'Starting two PostgreSQL servers'],
    ['while the sample is loaded', 'Loading the sample'],
    ['while rows are copied', 'Copy rows …'],
  ])(
    'stopped by Ctrl-C %s leaves no process, no data directory, and nothing open',
    { tags: 'long' },
    async (_, moment) => {
      const { status, output } = await play(moment)
      expect({ status, output }).toMatchObject({ status: 130 })
      expect(output).not.toMatch(/STILL OPEN|not as it was/)
      expect(await readdir(temporary)).toEqual([])
      expect(await leftProcesses()).toEqual([])
    },
  )
})
