import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { SampanError } from '../runtime/errors.ts'
import type { Side } from './errors.ts'

/** The TLS of one side with its files and secrets already read: PEM texts. */
export interface TlsMaterial {
  readonly mode: 'verify-full' | 'verify-ca' | 'require' | 'disable'
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: readonly string[] | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  readonly keyPassword?: string | undefined
}

/**
 * libpq's sslmode words as Node's TLS options. `require` encrypts and checks nothing; `verify-ca` checks the chain but not
 * the host name; a plain connection needs the explicit word `disable`.
 *
 * What is given is looked at here: Node takes a CA without a certificate for an empty list, and tells a wrong key password
 * in the words of a library.
 * @throws SampanError `…_TLS_CA_INVALID`, `…_TLS_CERTIFICATE_INVALID`, `…_TLS_CERTIFICATE_EXPIRED`, `…_TLS_KEY_INVALID`,
 * `…_TLS_KEY_PASSWORD_WRONG`, `…_TLS_KEY_MISMATCH`; none is worth another try
 */
export function tlsOptions(material: TlsMaterial, side: Side, now: Date = new Date()): TlsOptions | false {
  if (material.mode === 'disable') return false
  const problem = (code: string, message: string, remedy: string, cause?: unknown) =>
    new SampanError({
      code: `${side === 'source' ? 'SRC' : 'DST'}_TLS_${code}`,
      message: `${side}.tls.${message}`,
      remedy,
      cause,
    })
  for (const pem of material.ca ?? []) {
    readCertificate(pem, (cause) =>
      problem(
        'CA_INVALID',
        'ca holds no certificate in PEM form',
        'give the authority’s certificate as PEM text',
        cause,
      ),
    )
  }
  if (material.certificate !== undefined && material.key !== undefined) {
    checkClient(material.certificate, readKey(material.key, material.keyPassword, problem), now, problem)
  }
  return {
    rejectUnauthorized: material.mode !== 'require',
    ...(material.mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(material.ca ? { ca: [...material.ca] } : {}),
    ...(material.certificate ? { cert: material.certificate } : {}),
    ...(material.key ? { key: material.key } : {}),
    ...(material.keyPassword ? { passphrase: material.keyPassword } : {}),
  }
}

type Problem = (code: string, message: string, remedy: string, cause?: unknown) => SampanError

function readCertificate(pem: string, invalid: (cause: unknown) => SampanError): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (thrown) {
    throw invalid(thrown)
  }
}

function readKey(pem: string, password: string | undefined, problem: Problem): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(password === undefined ? {} : { passphrase: password }) })
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
    // "Interrupted or cancelled" is OpenSSL's word for a password that nobody gave.
    if (code === 'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED' || code === 'ERR_MISSING_PASSPHRASE') {
      throw problem('KEY_PASSWORD_WRONG', 'key is encrypted, and no password is given', 'give tls.keyPassword', thrown)
    }
    if (code === 'ERR_OSSL_BAD_DECRYPT') {
      throw problem('KEY_PASSWORD_WRONG', 'keyPassword does not open the key', 'correct tls.keyPassword', thrown)
    }
    throw problem('KEY_INVALID', 'key is no private key in PEM form', 'give the private key as PEM text', thrown)
  }
}

function checkClient(pem: string, key: KeyObject, now: Date, problem: Problem): void {
  const certificate = readCertificate(pem, (cause) =>
    problem('CERTIFICATE_INVALID', 'certificate is no certificate in PEM form', 'give it as PEM text', cause),
  )
  if (!certificate.checkPrivateKey(key)) {
    throw problem('KEY_MISMATCH', 'key is not the key of tls.certificate', 'give the key that the certificate is for')
  }
  if (certificate.validToDate < now) {
    const until = certificate.validToDate.toISOString()
    throw problem('CERTIFICATE_EXPIRED', `certificate was valid until ${until}`, 'have it renewed')
  }
}
