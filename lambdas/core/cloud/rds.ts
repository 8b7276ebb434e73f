import type { DBCluster, DBInstance } from '@aws-sdk/client-rds'
import { SampanError } from '../runtime/errors.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import type { CloudEnvironment } from './environment.ts'
import { rds } from './rds-client.ts'

/** What is known about a source on Amazon RDS. Of an Aurora cluster: its writer, reached by the cluster's endpoint. */
export interface RdsInstance {
  /** The instance the facts are about; for a cluster its writer. */
  readonly identifier: string
  /** The Aurora cluster it belongs to, `null` where there is none. */
  readonly cluster: string | null
  /** False for a reader of an Aurora cluster or a read replica. */
  readonly writable: boolean
  readonly region: string
  readonly host: string
  readonly port: number
  readonly publiclyAccessible: boolean
  /** `postgres` or `aurora-postgresql` are what Sampan reads. */
  readonly engine: string
  /** E.g. `16.4`. */
  readonly engineVersion: string
  /** `available` when it can be used. */
  readonly status: string
  /** Active VPC security groups, in the order RDS tells them. */
  readonly securityGroups: readonly string[]
  readonly vpcId: string | null
  /** Of its subnet group: any of them may be the one it is in after a failover. */
  readonly subnetIds: readonly string[]
  readonly caCertificateIdentifier: string | null
  readonly multiAz: boolean
  /** Gigabytes; Aurora tells 1. */
  readonly allocatedStorage: number
  readonly iamAuthentication: boolean
  readonly parameterGroups: readonly string[]
}

/**
 * Finds an RDS instance, or an Aurora cluster of that name and its writer (the writer's security group is the one that
 * counts).
 * @throws SampanError `SRC_INSTANCE_NOT_FOUND`, `SRC_INSTANCE_WITHOUT_ENDPOINT` (still being made: retryable), AWS errors
 */
export async function describeInstance(
  environment: CloudEnvironment,
  region: string,
  identifier: string,
  signal?: AbortSignal,
): Promise<RdsInstance> {
  const service = await rds(environment, region)
  const instance = await findInstance(service, identifier, signal)
  if (instance) {
    const cluster = instance.DBClusterIdentifier
      ? await findCluster(service, instance.DBClusterIdentifier, signal)
      : undefined
    return factsOf(instance, region, cluster, false)
  }
  const cluster = await findCluster(service, identifier, signal)
  const writer = cluster?.DBClusterMembers?.find((member) => member.IsClusterWriter)?.DBInstanceIdentifier
  const member = writer ? await findInstance(service, writer, signal) : undefined
  if (cluster && member) return factsOf(member, region, cluster, true)
  throw new SampanError({
    code: 'SRC_INSTANCE_NOT_FOUND',
    message: cluster
      ? `the Aurora cluster ${identifier} has no writer`
      : `there is no RDS instance or Aurora cluster ${identifier} in ${region}`,
    remedy: 'check source.rdsInstance and source.region, and that the credentials are of the right account',
  })
}

type Rds = Awaited<ReturnType<typeof rds>>

const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {})

async function findInstance({ client, sdk }: Rds, identifier: string, signal?: AbortSignal) {
  const command = new sdk.DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier })
  return nothingIf(/^DBInstanceNotFound/, async () => {
    const answer = await awsCall(`describe the RDS instance ${identifier} (rds:DescribeDBInstances)`, () =>
      client.send(command, options(signal)),
    )
    return answer.DBInstances?.[0]
  })
}

async function findCluster({ client, sdk }: Rds, identifier: string, signal?: AbortSignal) {
  const command = new sdk.DescribeDBClustersCommand({ DBClusterIdentifier: identifier })
  return nothingIf(/^DBClusterNotFound/, async () => {
    const answer = await awsCall(`describe the Aurora cluster ${identifier} (rds:DescribeDBClusters)`, () =>
      client.send(command, options(signal)),
    )
    return answer.DBClusters?.[0]
  })
}

async function nothingIf<Found>(code: RegExp, find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof AwsError && code.test(error.awsCode)) return undefined
    throw error
  }
}

function factsOf(
  instance: DBInstance,
  region: string,
  cluster: DBCluster | undefined,
  byCluster: boolean,
): RdsInstance {
  const identifier = instance.DBInstanceIdentifier ?? ''
  // The cluster's endpoint follows the writer through a failover.
  const host = byCluster ? cluster?.Endpoint : instance.Endpoint?.Address
  const port = byCluster ? cluster?.Port : instance.Endpoint?.Port
  if (!host || !port) {
    throw new SampanError({
      code: 'SRC_INSTANCE_WITHOUT_ENDPOINT',
      message: `the RDS instance ${identifier} has no endpoint yet (status ${instance.DBInstanceStatus ?? 'unknown'})`,
      remedy: 'wait until the instance is available',
      retryable: true,
    })
  }
  const member = cluster?.DBClusterMembers?.find((one) => one.DBInstanceIdentifier === identifier)
  return {
    identifier,
    cluster: cluster?.DBClusterIdentifier ?? null,
    writable: cluster ? member?.IsClusterWriter === true : !instance.ReadReplicaSourceDBInstanceIdentifier,
    region,
    host,
    port,
    publiclyAccessible: instance.PubliclyAccessible === true,
    engine: instance.Engine ?? '',
    engineVersion: instance.EngineVersion ?? '',
    status: instance.DBInstanceStatus ?? '',
    securityGroups: (instance.VpcSecurityGroups ?? []).flatMap((group) =>
      group.VpcSecurityGroupId && group.Status !== 'removing' ? [group.VpcSecurityGroupId] : [],
    ),
    vpcId: instance.DBSubnetGroup?.VpcId ?? null,
    subnetIds: (instance.DBSubnetGroup?.Subnets ?? []).flatMap((subnet) => subnet.SubnetIdentifier ?? []),
    caCertificateIdentifier: instance.CACertificateIdentifier ?? null,
    multiAz: instance.MultiAZ === true,
    allocatedStorage: instance.AllocatedStorage ?? 0,
    iamAuthentication: instance.IAMDatabaseAuthenticationEnabled === true,
    parameterGroups: (instance.DBParameterGroups ?? []).flatMap((group) => group.DBParameterGroupName ?? []),
  }
}
