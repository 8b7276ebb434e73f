import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface SignedRequest {
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface SignatureScope {
  readonly region: string
  readonly service: string
}

/**
 * Checks an AWS Signature Version 4 by an implementation of its own, after the public description of the algorithm.
 * @returns the scope, or the reason why the signature does not hold
 */
export function checkSignature(
  request: SignedRequest,
  accessKeyId: string,
  secretAccessKey: string,
): SignatureScope | { readonly refused: string } {
  const authorization = request.headers.authorization ?? ''
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    )
  if (!parts) return { refused: 'MissingAuthenticationToken' }
  const [, keyId = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = parts
  if (keyId !== accessKeyId) return { refused: 'InvalidClientTokenId' }
  const time = String(request.headers['x-amz-date'] ?? '')
  if (!isRecent(time)) return { refused: 'RequestExpired' }
  const sentHash = request.headers['x-amz-content-sha256']
  const bodyHash = sha256(request.body)
  if (typeof sentHash === 'string' && /^[0-9a-f]{64}$/.test(sentHash) && sentHash !== bodyHash) {
    return { refused: 'XAmzContentSHA256Mismatch' }
  }

  const canonical = [
    request.method,
    canonicalPath(request.url, service),
    canonicalQuery(request.url),
    ...signedHeaders.split(';').map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signedHeaders,
    typeof sentHash === 'string' ? sentHash : bodyHash,
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  )
  const right = timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'))
  return right ? { region, service } : { refused: 'SignatureDoesNotMatch' }
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

function isRecent(time: string): boolean {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time)
  if (!match) return false
  const [, year, month, day, hour, minute, second] = match.map(Number)
  const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second)
  return Math.abs(Date.now() - at) < 15 * 60_000
}

/** S3 signs the path as it is, every other service encodes it once more. */
function canonicalPath(url: string, service: string): string {
  const path = url.split('?', 1)[0] ?? '/'
  return service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/')
}

function canonicalQuery(url: string): string {
  const query = url.split('?')[1] ?? ''
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&')
}
