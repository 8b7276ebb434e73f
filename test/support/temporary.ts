import { readFileSync, statfsSync } from 'node:fs'

const MEMORY = '/dev/shm'

/** More than all servers and packages of two test files at a time have ever held. */
const ENOUGH_BYTES = 6 * 1024 ** 3

/**
 * A directory for temporary files that lies in memory, where there is one with room and programs may run from it: making and
 * dropping hundreds of databases costs a tenth of the processor's time less there than on a disk.
 */
export function memoryDirectory(): string | undefined {
  try {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, path]) => path === MEMORY)
    if (mount?.[2] !== 'tmpfs' || mount[3]?.split(',').includes('noexec')) return undefined
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : undefined
  } catch {
    // No Linux, or nothing to read: the system's own directory serves.
    return undefined
  }
}
