import { z } from 'zod'
import { SampanError } from '../runtime/errors.ts'
import type { AlibabaCredentials } from './alibaba-credentials.ts'

/** Credentials that end. */
export interface AlibabaSession {
  readonly credentials: AlibabaCredentials
  /** Milliseconds since 1970. */
  readonly expires: number
}

/** One call of Alibaba's STS, signed with the key that may assume the role. */
export type CallSts = (
  action: string,
  parameters: Readonly<Record<string, unknown>>,
) => Promise<Readonly<Record<string, unknown>>>

/** What a role gives by default, and what the `MaxSessionDuration` of every role allows. */
const SESSION_SECONDS = 3600

const answerSchema = z.object({
  Credentials: z.object({
    AccessKeyId: z.string().min(1),
    AccessKeySecret: z.string().min(1),
    SecurityToken: z.string().min(1),
    Expiration: z.iso.datetime(),
  }),
})

/**
 * Assumes a RAM role. https://www.alibabacloud.com/help/en/ram/api-assumerole
 * @throws AlibabaError where STS refuses; SampanError `ALIBABA_ROLE_UNREADABLE` where it answers with no credentials
 */
export async function assumeRamRole(call: CallSts, roleArn: string): Promise<AlibabaSession> {
  const answer = await call('AssumeRole', {
    RoleArn: roleArn,
    // ActionTrail shows it.
    RoleSessionName: 'sampan',
    DurationSeconds: SESSION_SECONDS,
  })
  const { success, data } = answerSchema.safeParse(answer)
  if (!success) {
    throw new SampanError({
      code: 'ALIBABA_ROLE_UNREADABLE',
      message: 'the answer of AssumeRole has no credentials with a token and an expiry',
      remedy:
        'nothing at first: it is asked again; if it comes back, look at what is between here and sts.aliyuncs.com',
      retryable: true,
      kind: 'connection',
    })
  }
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = data.Credentials
  return {
    credentials: { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken },
    expires: Date.parse(Expiration),
  }
}
