import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { xml } from './xml.ts'

export interface FakeObject {
  readonly body: Buffer
  readonly contentType: string
}

/** Objects by `bucket/key`. */
export type FakeS3 = Map<string, FakeObject>

export interface S3Answer {
  readonly status: number
  readonly body: string | Buffer
  readonly etag?: string
}

/**
 * PutObject with its conditions, GetObject, DeleteObject, ListObjectsV2 in path style: as much of S3 as documents need.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function answerS3(
  s3: FakeS3,
  method: string,
  url: string,
  sent: Buffer,
  headers: IncomingHttpHeaders,
): S3Answer {
  const body = headers['content-encoding'] === 'aws-chunked' ? joinChunks(sent) : sent
  if (Number(headers['x-amz-decoded-content-length'] ?? body.length) !== body.length)
    return refusal(
      400,
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length header',
    )
  const { pathname, searchParams } = new URL(url, 'http://fake')
  const name = decodeURIComponent(pathname.slice(1)).replace(/\/$/, '')
  if (method === 'PUT') {
    const found = s3.get(name)
    const match = headers['if-match']
    if (match !== undefined && !found) return refusal(404, 'NoSuchKey', 'The specified key does not exist.')
    if ((match !== undefined && match !== etagOf(found)) || (headers['if-none-match'] === '*' && found))
      return refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
    s3.set(name, { body, contentType: String(headers['content-type'] ?? '') })
    return { status: 200, body: '', etag: etagOf(s3.get(name)) }
  }
  if (method === 'DELETE') {
    s3.delete(name)
    return { status: 204, body: '' }
  }
  if (searchParams.has('list-type')) {
    const prefix = `${name}/${searchParams.get('prefix') ?? ''}`
    const keys = [...s3.keys()].filter((key) => key.startsWith(prefix)).sort()
    const contents = keys.map((key) => `<Contents>${xml({ Key: key.slice(name.length + 1) })}</Contents>`).join('')
    const result = `${xml({ Name: name, IsTruncated: false, KeyCount: keys.length })}${contents}`
    return { status: 200, body: `<ListBucketResult>${result}</ListBucketResult>` }
  }
  const object = s3.get(name)
  if (object) return { status: 200, body: object.body, etag: etagOf(object) }
  return refusal(404, 'NoSuchKey', 'The specified key does not exist.')
}

/**
 * A body that is sent as a stream comes in chunks, each behind its length in hexadecimal digits; behind the last one, of length 0, comes its checksum.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
function joinChunks(sent: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = sent.indexOf('\r\n', at)
    const length = line < 0 ? 0 : Number.parseInt(sent.toString('latin1', at, line), 16)
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(sent.subarray(line + 2, line + 2 + length))
    at = line + 2 + length + 2
  }
}

const etagOf = (object: FakeObject | undefined): string =>
  `"${createHash('md5')
    .update(object?.body ?? '')
    .digest('hex')}"`

const refusal = (status: number, code: string, message: string): S3Answer => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
})
