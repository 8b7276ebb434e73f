import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { alibaba } from '../../../lambdas/core/cloud/alibaba.ts'
import { apsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { times } from '../../../local/fakes/faults.ts'

const ROLE = 'acs:ram::113511544585:role/sampan'
const quick = { attempts: 3, firstPause: 1, longestPause: 5 }
let clouds: FakeClouds
let number = 0

beforeAll(async () => {
  clouds = await startFakeClouds({ apsara: [apsaraInstance({ instance: 'pgm-1' })] })
})
beforeEach(() => {
  const { sts } = clouds.state.alibaba
  sts.roles.clear()
  sts.roles.set(ROLE, [clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_ID ?? ''])
  sts.sessions.clear()
  sts.seconds = 3600
  clouds.state.calls.length = 0
})
afterEach(() => void vi.useRealTimers())
afterAll(async () => {
  vi.unstubAllEnvs()
  await clouds.stop()
})

/** A door of its own for each secret, so that none remembers what another was given. */
function doorWith(fields: Readonly<Record<string, string>>) {
  number += 1
  const name = `SECRET_WITH_ROLE_${number}`
  // Not in Secrets Manager: its client would take the moved clock of a test for a skew.
  vi.stubEnv(name, JSON.stringify(fields))
  const none = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: '',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: '',
    SAMPAN_ALIBABA_SECRET: `env:${name}`,
  }
  const door = alibaba({ ...clouds.environment, ...none }, quick)
  return () =>
    door.call({
      ...{ product: 'rds', region: 'ap-southeast-1', action: 'DescribeDBInstanceAttribute' },
      parameters: { DBInstanceId: 'pgm-1' },
    })
}
const byRole = (roleArn = ROLE) =>
  doorWith({
    accessKeyId: clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_ID ?? '',
    accessKeySecret: clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? '',
    roleArn,
  })
const made = () =>
  clouds.state.calls.filter(({ service }) => /sts|apsara/.test(service)).map(({ by, action }) => `${by} ${action}`)
const [key, role] = ['own AssumeRole', `${ROLE} DescribeDBInstanceAttribute`]

describe('a secret with a role', () => {
  test('signs nothing but AssumeRole with its key, and all else with the role’s session, which is kept', async () => {
    const call = byRole()
    await Promise.all([call(), call()])
    await call()
    expect(made()).toEqual([key, role, role, role])
  })

  test('has its session made anew before it ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const call = byRole()
    await call()
    const begun = Date.now()
    vi.setSystemTime(begun + 54 * 60_000)
    await call()
    vi.setSystemTime(begun + 56 * 60_000)
    await call()
    expect(made()).toEqual([key, role, role, key, role])
    clouds.state.alibaba.sts.seconds = 120
    const short = byRole()
    await short()
    await short()
    expect(made().slice(5)).toEqual([key, role, role])
  })

  test('has it made anew once where its token is refused, and then says so', async () => {
    const call = byRole()
    await call()
    for (const session of clouds.state.alibaba.sts.sessions.values()) session.revoked = true
    await call()
    expect(made()).toEqual([key, role, role, key, role])
    clouds.state.calls.length = 0
    const expired = { kind: 'error', code: 'InvalidSecurityToken.Expired', message: 'refused' } as const
    clouds.state.faults.next('DescribeDBInstanceAttribute', ...times(2, expired))
    await expect(call()).rejects.toMatchObject({ code: 'ALIBABA_CREDENTIALS_REFUSED', retryable: false })
    expect(made()).toEqual([role, key, role])
  })

  test('that trusts another, or is not there, is told without the key', async () => {
    clouds.state.alibaba.sts.roles.set(ROLE, ['somebody-else'])
    const refused = await byRole()().catch((error) => error)
    expect(refused).toMatchObject({
      code: 'ALIBABA_PERMISSION_MISSING',
      remedy: expect.stringContaining('trust policy'),
    })
    expect(`${refused.message} ${refused.remedy}`).not.toContain(clouds.environment.ALIBABA_CLOUD_ACCESS_KEY_SECRET)
    await expect(byRole(`${ROLE}-2`)()).rejects.toMatchObject({ code: 'ALIBABA_ROLE_MISSING' })
  })
})
