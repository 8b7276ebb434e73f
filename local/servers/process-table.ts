import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { psEnvironment } from '../../lambdas/core/runtime/ps-environment.ts'

/** What tells two processes apart that had the same id at different times. */
export interface ProcessIdentity {
  readonly pid: number
  /** The kernel's start time, in a form that only compares; `null` where it cannot be read. */
  readonly started: string | null
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: startTime(pid) }
}

/** True while the very process is alive; a successor with the same id does not count, nor does a zombie. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0)
  } catch (error) {
    // EPERM: alive, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (processState(identity.pid) === 'Z') return false
  const started = startTime(identity.pid)
  return identity.started === null || started === null || started === identity.started
}

/** The command line, or an empty text when there is no such process. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? ''
  return ps(pid, 'args')
}

/** Processes whose parent is `pid`. A server's backends are its children, each in a process group of its own. */
export function children(pid: number): readonly number[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .map(Number)
      .filter((id) => Number.isInteger(id) && statFields(id)?.[1] === String(pid))
  }
  const run = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = (run.stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([id, parent]) => (parent === pid && id !== undefined ? [id] : []))
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}

/** Blocks the thread: for exit handlers, which may not wait otherwise. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

function startTime(pid: number): string | null {
  if (process.platform === 'linux') return statFields(pid)?.[19] ?? null
  return ps(pid, 'lstart') || null
}

function processState(pid: number): string {
  return process.platform === 'linux' ? (statFields(pid)?.[0] ?? '') : ps(pid, 'state').slice(0, 1)
}

/** /proc/pid/stat from its third field on: the second, the name in parentheses, may itself hold blanks and parentheses. */
function statFields(pid: number): readonly string[] | undefined {
  const text = read(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

function ps(pid: number, column: string): string {
  const run = spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    env: psEnvironment(),
  })
  return run.status === 0 ? run.stdout.trim() : ''
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
