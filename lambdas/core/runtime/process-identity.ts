import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { z } from 'zod'
import { psEnvironment } from './ps-environment.ts'

/** A process, told from every other one, also from a later one of the same number. */
export const processIdentitySchema = z.object({
  host: z.string(),
  /** Of the machine's start; `null` where it is not known. */
  boot: z.string().nullable(),
  /** In which processes are numbered: a container has its own. */
  namespace: z.string().nullable(),
  pid: z.int(),
  /** When it began, in the system's own words; `null` where that is not known. */
  started: z.string().nullable(),
})

export type ProcessIdentity = z.infer<typeof processIdentitySchema>

const run = promisify(execFile)

/** This process. */
export async function ownProcess(): Promise<ProcessIdentity> {
  const { pid } = process
  return { host: hostname(), ...(await here()), pid, started: await startOf(pid) }
}

/** What has become of a process: `unknown` where it belongs to another machine or container, and where the system does not tell. */
export async function stateOfProcess(known: ProcessIdentity): Promise<'living' | 'gone' | 'unknown'> {
  if (known.host !== hostname()) return 'unknown'
  const { boot, namespace } = await here()
  if (known.boot !== null && boot !== null && known.boot !== boot) return 'gone'
  if (known.namespace !== namespace) return 'unknown'
  if (!isThere(known.pid)) return 'gone'
  const started = await startOf(known.pid)
  if (started === null || known.started === null) return 'unknown'
  return started === known.started ? 'living' : 'gone'
}

async function here(): Promise<Pick<ProcessIdentity, 'boot' | 'namespace'>> {
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim(), notTold),
    readlink('/proc/self/ns/pid').catch(notTold),
  ])
  return { boot, namespace }
}

/** A signal of number 0 asks only: ESRCH means that there is no such process, EPERM that it is somebody else's. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Ticks since the machine's start on Linux (proc(5), field 22 of stat), a date elsewhere, where there is a `ps`. */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(notTold)
  // The name, in parentheses, may hold anything; the state behind it is field 3.
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  return startByPs(pid)
}

/** The same date whatever language and time zone the shell has from which it is asked. */
export async function startByPs(pid: number): Promise<string | null> {
  const told = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: psEnvironment() }).catch(notTold)
  return told?.stdout.trim() || null
}

/** Not every system has it; nothing is concluded from that. */
const notTold = (): null => null
