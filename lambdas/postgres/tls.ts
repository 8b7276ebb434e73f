import type { ConnectionOptions as TlsOptions } from 'node:tls'

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
 */
export function tlsOptions(material: TlsMaterial): TlsOptions | false {
  if (material.mode === 'disable') return false
  return {
    rejectUnauthorized: material.mode !== 'require',
    ...(material.mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(material.ca ? { ca: [...material.ca] } : {}),
    ...(material.certificate ? { cert: material.certificate } : {}),
    ...(material.key ? { key: material.key } : {}),
    ...(material.keyPassword ? { passphrase: material.keyPassword } : {}),
  }
}
