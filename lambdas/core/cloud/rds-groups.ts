import { SampanError } from '../runtime/errors.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import type { CloudEnvironment } from './environment.ts'
import type { RdsInstance } from './rds.ts'
import { rds } from './rds-client.ts'

/**
 * Sets the security groups of an instance, of an Aurora instance those of its cluster. The call replaces the whole list:
 * the caller reads it just before.
 * @throws SampanError `SRC_INSTANCE_BUSY` (retryable), AWS errors
 */
export async function setSecurityGroups(
  environment: CloudEnvironment,
  instance: Pick<RdsInstance, 'identifier' | 'cluster' | 'region'>,
  groups: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { client, sdk } = await rds(environment, instance.region)
  const options = signal ? { abortSignal: signal } : {}
  const change = { VpcSecurityGroupIds: [...groups], ApplyImmediately: true }
  try {
    if (instance.cluster !== null) {
      const command = new sdk.ModifyDBClusterCommand({ DBClusterIdentifier: instance.cluster, ...change })
      await awsCall(`change the security groups of ${instance.cluster} (rds:ModifyDBCluster)`, () =>
        client.send(command, options),
      )
    } else {
      const command = new sdk.ModifyDBInstanceCommand({ DBInstanceIdentifier: instance.identifier, ...change })
      await awsCall(`change the security groups of ${instance.identifier} (rds:ModifyDBInstance)`, () =>
        client.send(command, options),
      )
    }
  } catch (error) {
    if (!(error instanceof AwsError) || !/^InvalidDB(Instance|Cluster)State/.test(error.awsCode)) throw error
    throw new SampanError({
      code: 'SRC_INSTANCE_BUSY',
      message: `the RDS instance ${instance.identifier} cannot be changed at the moment`,
      remedy: 'nothing to do: the step tries again when it is available',
      retryable: true,
      cause: error,
    })
  }
}
