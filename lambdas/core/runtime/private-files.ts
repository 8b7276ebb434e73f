import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { SampanError } from './errors.ts'

/**
 * Files in a directory that others may write to as well (`/tmp/out`): no link of theirs is followed, no pipe waited for, and what
 * is written is the user's alone. Links above the directory itself are the user's own word.
 */
const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700

// A pipe that nobody reads would hold the process at open. Windows knows neither flag.
const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND, O_RDONLY } = constants
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Writes a file whole: made anew beside the old one and renamed, so that a crash leaves the old one, and a link in its place is
 * replaced instead of followed.
 * @param text parts of it are written as they come
 * @param root exists; what lies between it and the file is made
 * @throws SampanError FILE_NOT_PLAIN, DISK_FULL, DISK_FAILED
 */
export async function writePrivately(root: string, path: string, text: string | AsyncIterable<string>): Promise<void> {
  await makeDirectories(root, dirname(path))
  requireReplaceable(path, await lstatOf(path))
  const beside = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | CAREFULLY, FILE_MODE)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw diskError(error, path)
  }
}

/**
 * The text of a file below `root`; null where there is none.
 * @throws SampanError FILE_NOT_PLAIN
 */
export async function readPrivately(root: string, path: string): Promise<string | null> {
  if (!(await hasDirectories(root, dirname(path)))) return null
  let file: FileHandle
  try {
    file = await open(path, O_RDONLY | CAREFULLY)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    const found = await lstatOf(path)
    if (found !== null && !found.isFile()) throw notPlain(path, found)
    throw error
  }
  try {
    const found = await file.stat()
    if (!found.isFile()) throw notPlain(path, found)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Removes a file below `root`, where there is one. @throws SampanError FILE_NOT_PLAIN */
export async function removePrivately(root: string, path: string): Promise<void> {
  if (await hasDirectories(root, dirname(path))) await rm(path, { force: true })
}

/**
 * Appends to a file, which is made where there is none.
 * @throws SampanError FILE_NOT_PLAIN
 */
export function appendPrivately(path: string, text: string): void {
  let file: number
  try {
    file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | CAREFULLY, FILE_MODE)
  } catch (error) {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found !== undefined && !found.isFile()) throw notPlain(path, found)
    throw error
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw notPlain(path, found)
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a file fit to be appended to: one that is not the user's alone (a link, a name of somebody's file, another's) gives way to a
 * new one.
 * @throws SampanError FILE_NOT_PLAIN
 */
export async function prepareAppending(path: string): Promise<void> {
  const found = await lstatOf(path)
  if (found === null) return
  requireReplaceable(path, found)
  const own = process.getuid === undefined || found.uid === process.getuid()
  if (found.isFile() && found.nlink === 1 && own) {
    const file = await open(path, O_WRONLY | O_APPEND | CAREFULLY)
    await file.chmod(FILE_MODE).finally(() => file.close())
  } else await rm(path)
}

/** Directories from `root` down to `path`, each made where it is missing. @throws SampanError FILE_NOT_PLAIN */
async function makeDirectories(root: string, path: string): Promise<void> {
  for (const directory of between(root, path)) {
    const made = await mkdir(directory, { mode: DIRECTORY_MODE }).then(
      () => true,
      (error: unknown) => {
        if (codeOf(error) === 'EEXIST') return false
        throw diskError(error, directory)
      },
    )
    const found = made ? null : await lstatOf(directory)
    if (found !== null && !found.isDirectory()) throw notPlain(directory, found)
  }
}

/** Whether they are all there. @throws SampanError FILE_NOT_PLAIN where one of them is something else */
async function hasDirectories(root: string, path: string): Promise<boolean> {
  for (const directory of between(root, path)) {
    const found = await lstatOf(directory)
    if (found === null) return false
    if (!found.isDirectory()) throw notPlain(directory, found)
  }
  return true
}

function between(root: string, path: string): readonly string[] {
  const names = relative(root, path)
    .split(sep)
    .filter((name) => name !== '')
  return names.map((_, index) => join(root, ...names.slice(0, index + 1)))
}

/** A link is replaced, as a file is; what else stands there was not made by us. */
function requireReplaceable(path: string, found: Stats | null): void {
  if (found !== null && !found.isFile() && !found.isSymbolicLink()) throw notPlain(path, found)
}

async function lstatOf(path: string): Promise<Stats | null> {
  return lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}

/** No room: of the disk, of a quota, or of the process's own limit. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** A disk that has become read-only, mostly after an error of its own, or that fails. */
const BROKEN = new Set(['EROFS', 'EIO', 'ENXIO', 'ENODEV', 'ESTALE'])

/** Not retryable: a person is at this machine, and is told at once. */
function diskError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (code === null || !(FULL.has(code) || BROKEN.has(code))) return error
  const full = FULL.has(code)
  return new SampanError({
    code: full ? 'DISK_FULL' : 'DISK_FAILED',
    message: full ? `there is no room to write ${path} (${code})` : `${path} cannot be written (${code})`,
    remedy: `${full ? 'free space there' : 'look after that disk'}, or give another directory with --out, and start the same task again: it continues where it was`,
    cause: error,
  })
}

/** What stands where a file or directory of ours is to be. */
export function notPlain(path: string, found: Stats): SampanError {
  return new SampanError({
    code: 'FILE_NOT_PLAIN',
    message: `${path} is ${kindOf(found)}, and Sampan would write there`,
    remedy: 'find out who has put it there and remove it, or give another directory',
  })
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a symbolic link'
  if (found.isDirectory()) return 'a directory'
  if (found.isFIFO()) return 'a named pipe'
  if (found.isSocket()) return 'a socket'
  return found.isFile() ? 'a file' : 'a device'
}
