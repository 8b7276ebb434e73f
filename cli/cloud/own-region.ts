import { SampanError } from '../../lambdas/core/runtime/errors.ts'

/** The region of AWS that is asked where no other is given. @throws SampanError AWS_REGION_UNKNOWN */
export async function requireRegion(): Promise<string> {
  const region = await ownRegion()
  if (region) return region
  throw new SampanError({
    code: 'AWS_REGION_UNKNOWN',
    message: 'no AWS region is known',
    remedy: 'give --region, the region where the stack is deployed, set AWS_REGION, or write it into the AWS profile',
  })
}

/**
 * The region that AWS's own tools would use, `cdk deploy` among them: of the environment, else of the profile in the configuration.
 * @returns undefined where neither says one
 */
async function ownRegion(): Promise<string | undefined> {
  const given = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION
  if (given) return given
  // The SDK takes an empty variable for a region of that name.
  delete process.env.AWS_REGION
  const { SFNClient } = await import('@aws-sdk/client-sfn')
  const client = new SFNClient({})
  try {
    return await client.config.region()
  } catch (thrown) {
    // Its only word for "there is none".
    if (thrown instanceof Error && thrown.message === 'Region is missing') return undefined
    throw thrown
  } finally {
    client.destroy()
  }
}
