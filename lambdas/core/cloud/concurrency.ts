import { awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion } from './environment.ts'
import { lambda } from './lambda-client.ts'

/**
 * How many functions of the account may be at work at once in the stack's region, beyond those that have a number of their own
 * reserved. 10 in many new accounts, 1,000 in others.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
 * @returns `null` where AWS does not say
 */
export async function unreservedConcurrency(
  environment: CloudEnvironment,
  signal: AbortSignal,
): Promise<number | null> {
  const { client, sdk } = await lambda(environment, defaultRegion(environment))
  const answer = await awsCall('ask for the quotas of functions (lambda:GetAccountSettings)', () =>
    client.send(new sdk.GetAccountSettingsCommand({}), { abortSignal: signal }),
  )
  const limit = answer.AccountLimit
  return limit?.UnreservedConcurrentExecutions ?? limit?.ConcurrentExecutions ?? null
}
