import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  children,
  commandLine,
  identify,
  isAlive,
  type ProcessIdentity,
  sendSignal,
  sleepSync,
} from './process-table.ts'

const prefix = 'sampan-'
const markerName = 'sampan-server.json'

interface Marker {
  readonly owner: ProcessIdentity
}

/** Makes a directory for one server, marked with the process that owns it. */
export function makeDirectory(parent: string = tmpdir()): string {
  const directory = mkdtempSync(join(parent, prefix))
  // The server of a root caller runs under another account and must be able to walk through.
  chmodSync(directory, 0o711)
  const marker: Marker = { owner: identify(process.pid) }
  writeFileSync(join(directory, markerName), JSON.stringify(marker))
  return directory
}

export function dataDirectory(directory: string): string {
  return join(directory, 'data')
}

export function logFile(directory: string): string {
  return join(directory, 'server.log')
}

/** The server's process id, as long as it holds its data directory; `null` when it has let go of it. */
export function postmasterPid(directory: string): number | null {
  try {
    const [first] = readFileSync(join(dataDirectory(directory), 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number.parseInt(first ?? '', 10)
    return Number.isInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

/**
 * Ends whatever server still runs in `directory` and removes it. Blocks up to a few seconds. Safe on any half-made
 * directory: a process is signalled only if its command line names this very directory.
 */
export function removeDirectory(directory: string): void {
  const pid = postmasterPid(directory)
  if (pid !== null && commandLine(pid).includes(dataDirectory(directory))) {
    const server = identify(pid)
    const backends = children(pid)
    // SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, but shared memory is given back.
    sendSignal(pid, 'SIGQUIT')
    for (let waited = 0; waited < 5000 && isAlive(server) && postmasterPid(directory) !== null; waited += 20)
      sleepSync(20)
    if (isAlive(server) && postmasterPid(directory) !== null)
      for (const id of [pid, ...backends]) sendSignal(id, 'SIGKILL')
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/**
 * Removes what servers of dead owners left behind. Only directories with our marker, made by this same user, are touched.
 * @returns the directories that were removed
 */
export function sweepDirectories(parent: string = tmpdir()): readonly string[] {
  const names = readdirSync(parent).filter((name) => name.startsWith(prefix))
  const stale = names.map((name) => join(parent, name)).filter(isStale)
  return stale.filter((directory) => {
    try {
      removeDirectory(directory)
      return true
    } catch {
      // Another process may be sweeping it at this moment.
      return false
    }
  })
}

function isStale(directory: string): boolean {
  try {
    const stat = lstatSync(directory)
    if (!stat.isDirectory() || stat.uid !== (process.getuid?.() ?? stat.uid)) return false
    const marker = JSON.parse(readFileSync(join(directory, markerName), 'utf8')) as Marker
    return !isAlive(marker.owner)
  } catch {
    // No marker: not ours, or being made right now.
    return false
  }
}
