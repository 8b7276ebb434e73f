import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from './stage.ts'

/** What one run of one contender took. Seconds and MB. */
export interface Measure {
  readonly wall: number
  /** User and system time of all processes of the contender itself. */
  readonly cpu: number
  /** The largest of its processes. */
  readonly rss: number
  readonly sourceCpu: number
  readonly destinationCpu: number
  /** What a benchmark measures besides. */
  readonly more: Readonly<Record<string, number>>
}

/**
 * Runs a shell command to its end.
 * @throws Error with the end of its output where it fails
 */
export async function measure(command: string, source: Database, destination: Database): Promise<Measure> {
  const directory = await mkdtemp(join(tmpdir(), 'sampan-bench-'))
  const file = join(directory, 'time')
  const before = [serverCpu(source), serverCpu(destination)] as const
  try {
    await run('/usr/bin/time', ['-f', '%e %U %S %M', '-o', file, 'bash', '-o', 'pipefail', '-c', command])
    const [wall = 0, user = 0, system = 0, rss = 0] = (await readFile(file, 'utf8')).trim().split(' ').map(Number)
    return {
      wall,
      cpu: user + system,
      rss: rss / 1024,
      sourceCpu: serverCpu(source) - before[0],
      destinationCpu: serverCpu(destination) - before[1],
      more: {},
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (bytes: Buffer) => {
      output = (output + bytes.toString()).slice(-2_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit status ${code}: ${output}`))))
  })
}

/** Clock ticks are hundredths of a second on Linux. */
const TICKS = 100

/** CPU seconds of a server: the postmaster's, of the children it has buried, and of those that live. */
function serverCpu({ postmaster }: Database): number {
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statOf(name)
    if (fields === null) continue
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = fields
    if (Number(name) === postmaster) ticks += user + system + childUser + childSystem
    else if (parent === postmaster) ticks += user + system
  }
  return ticks / TICKS
}

/** Parent, utime, stime, cutime, cstime; see proc(5). */
function statOf(pid: string): readonly number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [1, 11, 12, 13, 14].map((index) => Number(fields[index]))
  } catch {
    return null
  }
}
