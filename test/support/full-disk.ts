import { constants } from 'node:fs'
import type * as Files from 'node:fs/promises'

/** What the disk below a directory refuses to take, `null` where it takes everything. */
export const disk: { directory: string | null; code: string } = { directory: null, code: 'ENOSPC' }

/** The door to the disk, for `vi.mock('node:fs/promises', …)`: a new file below the directory is refused. */
export function onDisk(files: typeof Files): typeof Files {
  const open: typeof Files.open = async (path, flags, mode) => {
    const makes = typeof flags === 'number' && (flags & constants.O_CREAT) !== 0
    if (makes && disk.directory !== null && String(path).startsWith(disk.directory)) {
      throw Object.assign(new Error(`${disk.code}: ${String(path)}`), { code: disk.code })
    }
    return files.open(path, flags, mode)
  }
  return { ...files, open }
}
