import { AwsError, awsCall } from './aws-errors.ts'
import type { CloudEnvironment } from './environment.ts'
import { lambda } from './lambda-client.ts'

/** Where a deployed stack's workers run, as Lambda tells it, and what they know of it. */
export interface DeployedLayout {
  /** `null`: no VPC. */
  readonly vpcId: string | null
  readonly subnetIds: readonly string[]
  /** The workers' group, where rules name it. */
  readonly securityGroup: string | null
  /** VPCs whose instances let that group in; empty: all. */
  readonly groupVpcs: readonly string[]
  readonly egressAddresses: readonly string[]
}

/** @returns `null` where the stack has not been deployed in that region */
export async function deployedLayout(
  environment: CloudEnvironment,
  region: string,
  stack: string,
): Promise<DeployedLayout | null> {
  const { client, sdk } = await lambda(environment, region)
  const FunctionName = `${stack}-Precheck`
  try {
    const { VpcConfig, Environment } = await awsCall(
      `read how ${FunctionName} is deployed (lambda:GetFunctionConfiguration)`,
      () => client.send(new sdk.GetFunctionConfigurationCommand({ FunctionName })),
    )
    const list = (name: string) => (Environment?.Variables?.[name] ?? '').split(',').filter((one) => one !== '')
    return {
      vpcId: VpcConfig?.VpcId || null,
      subnetIds: VpcConfig?.SubnetIds ?? [],
      securityGroup: list('SAMPAN_WORKER_SECURITY_GROUP')[0] ?? null,
      groupVpcs: list('SAMPAN_WORKER_VPCS'),
      egressAddresses: list('SAMPAN_EGRESS_ADDRESSES'),
    }
  } catch (error) {
    if (error instanceof AwsError && error.awsCode === 'ResourceNotFoundException') return null
    throw error
  }
}
