import { resolve } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Parameters } from './connection-string.ts'

/**
 * libpq’s sslmode and files as `tls` of a task; nothing given is the task’s default, verify-full.
 * @throws SampanError TASK_URL_SSLMODE for modes that fall back to plain text without a word
 */
export function toTls({ sslmode, sslrootcert, sslcert, sslkey }: Parameters, named: string): object {
  const file = (path: string) => ({ file: resolve(path) })
  return {
    ...(sslmode === undefined ? {} : { mode: toMode(sslmode, sslrootcert, named) }),
    // "system" is what a task trusts where it names nobody.
    ...(sslrootcert === undefined || sslrootcert === 'system' ? {} : { ca: file(sslrootcert) }),
    ...(sslcert === undefined ? {} : { certificate: file(sslcert) }),
    ...(sslkey === undefined ? {} : { key: file(sslkey) }),
  }
}

function toMode(mode: string, authority: string | undefined, named: string): string {
  // With an authority at hand, libpq looks at the certificate though it is not asked to.
  if (mode === 'require') return authority === undefined ? 'require' : 'verify-ca'
  if (/^(disable|verify-ca|verify-full)$/.test(mode)) return mode
  throw new SampanError({
    code: 'TASK_URL_SSLMODE',
    message: `sslmode of ${named} is none that is kept to: allow and prefer fall back to plain text`,
    remedy: 'give verify-full, verify-ca or require; or disable in a network of your own',
  })
}
