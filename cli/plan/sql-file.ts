import { access, constants, lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'

/** Looks whether the file of --sql can be written, before the plan is made. @throws SampanError SQL_NOT_WRITABLE */
export async function requireSqlFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (found !== null && !found.isFile()) throw notWritable(path, 'something else than a file stands there')
  try {
    await access(found === null ? dirname(path) : path, constants.W_OK)
  } catch (cause) {
    throw notWritable(path, cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error', cause)
  }
}

function notWritable(path: string, why: string, cause?: unknown): SampanError {
  return new SampanError({
    code: 'SQL_NOT_WRITABLE',
    message: `${path} cannot be written: ${why}`,
    remedy: 'give the path of a file in a directory where this user may write with --sql',
    cause,
  })
}
