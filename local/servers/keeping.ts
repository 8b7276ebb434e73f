import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { removeDirectory } from './directory.ts'

const kept = new Set<string>()
let keeper: Writable | undefined

/** From now on the directory and its server go away with this process, whatever ends it. */
export function keep(directory: string): void {
  keeper ??= startKeeper()
  kept.add(directory)
  keeper.write(`keep ${directory}\n`)
}

/** The directory is gone; nothing is left to do for it. */
export function forget(directory: string): void {
  kept.delete(directory)
  keeper?.write(`forget ${directory}\n`)
}

function startKeeper(): Writable {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('keeper.ts', import.meta.url))], {
    // A session of its own: signals to the terminal's process group pass it by.
    detached: true,
    // Not the caller's directory, which may be removed.
    cwd: tmpdir(),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  const input = child.stdin
  // A keeper that was killed must not take us along; the sweep at the next start is the second net.
  child.on('error', () => undefined)
  input.on('error', () => undefined)
  if ('unref' in input && typeof input.unref === 'function') input.unref()
  // An orderly end leaves nothing behind even for the moment that the keeper needs.
  process.once('exit', () => {
    for (const directory of kept) removeDirectory(directory)
  })
  return input
}
