import { access, constants, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SampanError } from '../lambdas/runtime/errors.ts'

/**
 * Makes the directory that gets all that a command writes, before it begins anything else.
 * @returns its absolute path
 * @throws SampanError OUT_NOT_WRITABLE
 */
export async function makeOutDirectory(path: string): Promise<string> {
  const directory = resolve(path)
  try {
    await mkdir(directory, { recursive: true })
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
  return directory
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
