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
  body: Buffer,
  headers: IncomingHttpHeaders,
): S3Answer {
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

const etagOf = (object: FakeObject | undefined): string =>
  `"${createHash('md5')
    .update(object?.body ?? '')
    .digest('hex')}"`

const refusal = (status: number, code: string, message: string): S3Answer => ({
  status,
  body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
})
