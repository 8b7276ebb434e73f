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
}

/** PutObject, GetObject, ListObjectsV2 in path style: as much of S3 as documents need. */
export function answerS3(s3: FakeS3, method: string, url: string, body: Buffer, contentType: string): S3Answer {
  const { pathname, searchParams } = new URL(url, 'http://fake')
  const name = decodeURIComponent(pathname.slice(1)).replace(/\/$/, '')
  if (method === 'PUT') {
    s3.set(name, { body, contentType })
    return { status: 200, body: '' }
  }
  if (searchParams.has('list-type')) {
    const prefix = `${name}/${searchParams.get('prefix') ?? ''}`
    const keys = [...s3.keys()].filter((key) => key.startsWith(prefix)).sort()
    const contents = keys.map((key) => `<Contents>${xml({ Key: key.slice(name.length + 1) })}</Contents>`).join('')
    const result = `${xml({ Name: name, IsTruncated: false, KeyCount: keys.length })}${contents}`
    return { status: 200, body: `<ListBucketResult>${result}</ListBucketResult>` }
  }
  const object = s3.get(name)
  if (object) return { status: 200, body: object.body }
  return {
    status: 404,
    body: '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>',
  }
}
