import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkedKey } from './artefact-key.ts'
import type { ArtefactStore, VersionedText } from './artefact-store.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion } from './environment.ts'
import { s3 } from './s3-client.ts'

/** Another version is there, another writer is at it in this moment, or there is no document any more. */
const CHANGED_MEANWHILE = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']

/** A document of so many bytes is sent from memory, where the client can send it again by itself. */
const IN_MEMORY = 8 * 1024 * 1024

/** Documents as objects of a bucket under a prefix. One PutObject is atomic, and reads after it see it. */
export function s3Artefacts(environment: CloudEnvironment, bucket: string, prefix: string): ArtefactStore {
  const region = defaultRegion(environment)
  const root = prefix === '' ? '' : `${prefix}/`
  const named = (key: string) => ({ Bucket: bucket, Key: root + checkedKey(key) })
  const readVersion = async (key: string): Promise<VersionedText | null> => {
    try {
      return await awsCall(`read s3://${bucket}/${root}${key}`, async () => {
        const { client, sdk } = await s3(environment, region)
        const answer = await client.send(new sdk.GetObjectCommand(named(key)))
        return { text: (await answer.Body?.transformToString('utf-8')) ?? '', version: answer.ETag ?? '' }
      })
    } catch (error) {
      if (error instanceof AwsError && error.awsCode === 'NoSuchKey') return null
      throw error
    }
  }
  return {
    readVersion,
    read: async (key) => (await readVersion(key))?.text ?? null,

    async write(key, text, contentType) {
      const { client, sdk } = await s3(environment, region)
      const command = new sdk.PutObjectCommand({ ...named(key), Body: text, ContentType: contentType })
      await awsCall(`write s3://${bucket}/${root}${key}`, () => client.send(command))
    },

    // An object has its length before it is sent, and what a stream has sent cannot be sent again: it waits on the disk.
    async writeParts(key, parts, contentType) {
      const directory = await mkdtemp(join(tmpdir(), 'sampan-document-'))
      const path = join(directory, 'document')
      try {
        await writeFile(path, parts, { mode: 0o600 })
        const { size } = await stat(path)
        const { client, sdk } = await s3(environment, region)
        await awsCall(`write s3://${bucket}/${root}${key}`, async () => {
          const body = size <= IN_MEMORY ? await readFile(path) : createReadStream(path)
          const sent = { ...named(key), Body: body, ContentLength: size, ContentType: contentType }
          await client.send(new sdk.PutObjectCommand(sent))
        })
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },

    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    async writeIf(key, text, contentType, version) {
      const { client, sdk } = await s3(environment, region)
      const condition = version === null ? { IfNoneMatch: '*' } : { IfMatch: version }
      const command = new sdk.PutObjectCommand({ ...named(key), Body: text, ContentType: contentType, ...condition })
      try {
        const answer = await awsCall(`write s3://${bucket}/${root}${key}`, () => client.send(command))
        return answer.ETag ?? ''
      } catch (error) {
        if (error instanceof AwsError && CHANGED_MEANWHILE.includes(error.awsCode)) return null
        throw error
      }
    },

    async remove(key) {
      const { client, sdk } = await s3(environment, region)
      await awsCall(`remove s3://${bucket}/${root}${key}`, () => client.send(new sdk.DeleteObjectCommand(named(key))))
    },

    async list(within) {
      return awsCall(`list s3://${bucket}/${root}${within}`, async () => {
        const { client, sdk } = await s3(environment, region)
        const keys: string[] = []
        for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: root + within })) {
          for (const object of page.Contents ?? []) if (object.Key) keys.push(object.Key.slice(root.length))
        }
        return keys.sort()
      })
    },
  }
}
