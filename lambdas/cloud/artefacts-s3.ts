import { checkedKey } from './artefact-key.ts'
import type { ArtefactStore } from './artefact-store.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion } from './environment.ts'
import { s3 } from './s3-client.ts'

/** Documents as objects of a bucket under a prefix. One PutObject is atomic, and reads after it see it. */
export function s3Artefacts(environment: CloudEnvironment, bucket: string, prefix: string): ArtefactStore {
  const region = defaultRegion(environment)
  const root = prefix === '' ? '' : `${prefix}/`
  const named = (key: string) => ({ Bucket: bucket, Key: root + checkedKey(key) })
  return {
    async read(key) {
      try {
        return await awsCall(`read s3://${bucket}/${root}${key}`, async () => {
          const { client, sdk } = await s3(environment, region)
          const answer = await client.send(new sdk.GetObjectCommand(named(key)))
          return (await answer.Body?.transformToString('utf-8')) ?? ''
        })
      } catch (error) {
        if (error instanceof AwsError && error.awsCode === 'NoSuchKey') return null
        throw error
      }
    },

    async write(key, text, contentType) {
      const { client, sdk } = await s3(environment, region)
      const command = new sdk.PutObjectCommand({ ...named(key), Body: text, ContentType: contentType })
      await awsCall(`write s3://${bucket}/${root}${key}`, () => client.send(command))
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
