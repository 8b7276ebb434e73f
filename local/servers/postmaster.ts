import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { dataDirectory, logFile } from './directory.ts'
import { children, identify, isAlive, sendSignal } from './process-table.ts'

/** One run of the server process. */
export interface Postmaster {
  readonly child: ChildProcess
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>
}

const startMilliseconds = 60_000

/**
 * Starts the server and waits until it accepts connections.
 * @throws LOCAL_SERVER_START with the end of the server's log; `portTaken(error)` tells whether another port may help
 */
export async function startPostmaster(
  binaries: Binaries,
  account: Account,
  directory: string,
  port: number,
): Promise<Postmaster> {
  const log = openSync(logFile(directory), 'a')
  const child = spawn(binaries.postgres, ['-D', dataDirectory(directory), '-p', String(port)], {
    ...account.ids,
    cwd: directory,
    env: serverEnvironment(),
    // Ctrl-C in the terminal must not stop the servers under a workflow that is still closing what it opened.
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  let over = false
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const deadline = Date.now() + startMilliseconds
  while (!over && Date.now() < deadline) {
    if (isReady(directory, child.pid)) return { child, ended }
    await sleep(15)
  }
  if (!over) await crash({ child, ended })
  throw new SampanError({
    code: 'LOCAL_SERVER_START',
    message: `the embedded PostgreSQL server did not start: ${lastLines(directory)}`,
    remedy: 'read the message; free memory and disk space, or take away the setting it names',
  })
}

/** True when a start failed because the port belongs to somebody else. */
export function portTaken(error: unknown): boolean {
  return (
    error instanceof SampanError &&
    error.code === 'LOCAL_SERVER_START' &&
    /could not (bind|create any TCP)/.test(error.message)
  )
}

/** PostgreSQL's fast shutdown: sessions are ended, a checkpoint is written. */
export async function stopFast(postmaster: Postmaster): Promise<void> {
  if (hasEnded(postmaster.child)) return
  postmaster.child.kill('SIGINT')
  if (await endsWithin(postmaster, 20_000)) return
  await crash(postmaster)
}

/** The end of a machine: every process of the server dies in the same moment, nothing is said to its clients. */
export async function crash(postmaster: Postmaster): Promise<void> {
  const { child, ended } = postmaster
  if (hasEnded(child) || child.pid === undefined) return
  // Until it has ended, the wait below must keep this process alive.
  child.ref()
  // Stopped first, so that no backend is born between the look and the kill.
  sendSignal(child.pid, 'SIGSTOP')
  const backends = children(child.pid).map(identify)
  for (const { pid } of backends) sendSignal(pid, 'SIGKILL')
  sendSignal(child.pid, 'SIGKILL')
  await ended
  // On a busy machine one is a while about to die, and a new server refuses the memory that it still holds.
  const until = performance.now() + 5_000
  while (backends.some(isAlive) && performance.now() < until) await sleep(10)
}

/** What initdb and postgres see: nothing that could lead them to other files, servers, zones or languages. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const { PATH, SystemRoot, TMPDIR, TEMP, TMP } = process.env
  return { ...{ PATH, SystemRoot, TMPDIR, TEMP, TMP }, LC_ALL: 'C', TZ: 'UTC' }
}

/** Line 8 of postmaster.pid is the server's own word on its state (PostgreSQL 10 and later). */
function isReady(directory: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(dataDirectory(directory), 'postmaster.pid'), 'utf8').split('\n')
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function endsWithin(postmaster: Postmaster, milliseconds: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(milliseconds, false, { signal: timer.signal }).catch(() => false)
  const result = await Promise.race([postmaster.ended.then(() => true), late])
  timer.abort()
  return result
}

function lastLines(directory: string): string {
  const lines = readFileSync(logFile(directory), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.slice(-4).join(' | ') || 'it wrote no log'
}
