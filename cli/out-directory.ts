import { access, constants, lstat, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SampanError } from '../lambdas/core/runtime/errors.ts'
import { notPlain } from '../lambdas/core/runtime/private-files.ts'

/** The log of a run, in its directory. */
export const LOG = 'log.jsonl'

/** What a command writes there: files, and below a directory the documents of each execution. */
const FILES = [
  LOG,
  'comparison.json',
  'comparison.unfinished.json',
  'plan.json',
  'report.html',
  'report.json',
  'task.json',
]
const DIRECTORIES = ['runs']

/**
 * Makes the directory that gets all that a command writes, before it begins anything else.
 * @returns its absolute path
 * @throws SampanError OUT_NOT_WRITABLE, OUT_NOT_PLAIN where something else stands in the place of what will be written
 */
export async function makeOutDirectory(path: string): Promise<string> {
  const directory = resolve(path)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.W_OK | constants.X_OK)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    throw new SampanError({
      code: 'OUT_NOT_WRITABLE',
      message: unusable(directory, code),
      remedy: 'give another directory with --out, or this user the right to write there',
      cause,
    })
  }
  await requirePlain(directory)
  return directory
}

/** A link in the place of a file is replaced when the file is made; anything else would be written into, or waited for. */
async function requirePlain(directory: string): Promise<void> {
  for (const name of [...FILES, ...DIRECTORIES]) {
    const path = join(directory, name)
    const found = await lstat(path).catch(() => null)
    if (found === null) continue
    if (DIRECTORIES.includes(name) ? found.isDirectory() : found.isFile() || found.isSymbolicLink()) continue
    const { message, remedy } = notPlain(path, found)
    throw new SampanError({ code: 'OUT_NOT_PLAIN', message, remedy: `${remedy} with --out` })
  }
}

function unusable(directory: string, code: string): string {
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return `${directory} is a file, or lies below one`
    case 'EACCES':
    case 'EPERM':
      return `this user may not write into ${directory}`
    case 'EROFS':
      return `${directory} is on a file system that is read-only`
    default:
      return `${directory} cannot be written (${code})`
  }
}
