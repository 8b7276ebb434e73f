/** X.509 certificates for tests, made with node:crypto alone: no openssl program is needed, no key lies in the repository. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Certificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8, not encrypted. */
  readonly key: string
  readonly name: string
  readonly privateKey: KeyObject
}

export interface CertificateOptions {
  /** The common name; a client certificate's is the user's name. */
  readonly name: string
  /** @default itself */
  readonly issuer?: Certificate
  /** Host names and IPv4 addresses it stands for. @default none */
  readonly hosts?: readonly string[]
  /** @default in a day; a date in the past makes an expired one */
  readonly until?: Date
  /** Whether it may issue others. @default true without an issuer */
  readonly authority?: boolean
}

/** Makes a key on P-256 and a certificate for it. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { name, issuer, hosts = [], until = new Date(Date.now() + 86_400_000) } = options
  const algorithm = sequence(objectId('2a8648ce3d040302')) // ecdsa-with-SHA256
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(new Date(until.getTime() - 30 * 86_400_000)), time(until)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(hosts, options.authority ?? issuer === undefined))),
  )
  const signature = sign('sha256', content, issuer?.privateKey ?? privateKey)
  const certificate = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), name, privateKey }
}

function extensions(hosts: readonly string[], authority: boolean): Buffer[] {
  const constraints = sequence(...(authority ? [der(0x01, Buffer.of(0xff))] : []))
  const basic = sequence(objectId('551d13'), der(0x01, Buffer.of(0xff)), der(0x04, constraints))
  if (hosts.length === 0) return [basic]
  const names = hosts.map((host) => {
    const parts = host.split('.').map(Number)
    const isAddress = parts.length === 4 && parts.every(Number.isInteger)
    return isAddress ? der(0x87, Buffer.from(parts)) : der(0x82, Buffer.from(host))
  })
  return [basic, sequence(objectId('551d11'), der(0x04, sequence(...names)))]
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(name)))))
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`))
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content])
  if (length < 256) return Buffer.concat([Buffer.of(tag, 0x81, length), content])
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 255), content])
}
