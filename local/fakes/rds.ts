import { listOf, type Tree, textOf, treeOf, xml } from './xml.ts'

export interface FakeRdsInstance {
  readonly identifier: string
  readonly region: string
  readonly host: string
  readonly port: number
  engine: string
  engineVersion: string
  status: string
  publiclyAccessible: boolean
  securityGroups: readonly string[]
  vpcId: string
  subnetIds?: readonly string[]
  cluster?: string
}

export interface FakeRdsCluster {
  readonly identifier: string
  readonly region: string
  readonly host: string
  readonly port: number
  /** Instance identifiers. */
  members: readonly string[]
  writer: string
}

export interface FakeRds {
  readonly instances: Map<string, FakeRdsInstance>
  readonly clusters: Map<string, FakeRdsCluster>
}

/** What is not given: an available, public PostgreSQL 16 in us-east-1. */
export function rdsInstance(given: Partial<FakeRdsInstance> & { readonly identifier: string }): FakeRdsInstance {
  return {
    region: 'us-east-1',
    host: `${given.identifier}.example.us-east-1.rds.amazonaws.com`,
    port: 5432,
    engine: 'postgres',
    engineVersion: '16.4',
    status: 'available',
    publiclyAccessible: true,
    securityGroups: ['sg-0source00000000000'],
    vpcId: 'vpc-0fake0000000000',
    ...given,
  }
}

/** The inside of the XML answer, or the code of the refusal. */
export function answerRds(
  rds: FakeRds,
  action: string,
  input: Tree,
  region: string,
): string | { readonly code: string } {
  if (action === 'DescribeDBInstances') {
    const identifier = textOf(input, 'DBInstanceIdentifier')
    const found = [...rds.instances.values()].filter(
      (one) => one.region === region && (!identifier || one.identifier === identifier),
    )
    return identifier && found.length === 0
      ? { code: 'DBInstanceNotFound' }
      : xml({ DBInstances: found.map(instanceXml) })
  }
  if (action === 'DescribeDBClusters') {
    const identifier = textOf(input, 'DBClusterIdentifier')
    const found = [...rds.clusters.values()].filter(
      (one) => one.region === region && (!identifier || one.identifier === identifier),
    )
    return identifier && found.length === 0
      ? { code: 'DBClusterNotFoundFault' }
      : xml({ DBClusters: found.map(clusterXml) })
  }
  if (action === 'ModifyDBInstance' || action === 'ModifyDBCluster') return modify(rds, input)
  return { code: 'InvalidAction' }
}

/** Of an Aurora cluster all members get the groups; of an instance itself alone. */
function modify(rds: FakeRds, input: Tree): string | { readonly code: string } {
  const identifier = textOf(input, 'DBInstanceIdentifier')
  const cluster = textOf(input, 'DBClusterIdentifier')
  const changed = [...rds.instances.values()].filter((one) =>
    cluster === undefined ? one.identifier === identifier : one.cluster === cluster,
  )
  if (changed.length === 0) return { code: 'DBInstanceNotFound' }
  if (changed.some((one) => one.status !== 'available')) return { code: 'InvalidDBInstanceState' }
  const groups = listOf(treeOf(treeOf(input, 'VpcSecurityGroupIds'), 'VpcSecurityGroupId')).map(String)
  if (groups.length === 0 || groups.length > 5) return { code: 'InvalidParameterValue' }
  for (const one of changed) one.securityGroups = groups
  return ''
}

function instanceXml(instance: FakeRdsInstance) {
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceClass: 'db.m6g.large',
    Engine: instance.engine,
    DBInstanceStatus: instance.status,
    Endpoint: instance.status === 'creating' ? undefined : { Address: instance.host, Port: instance.port },
    AllocatedStorage: 200,
    VpcSecurityGroups: instance.securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: 'active' })),
    DBParameterGroups: [{ DBParameterGroupName: 'default.postgres16', ParameterApplyStatus: 'in-sync' }],
    DBSubnetGroup: {
      DBSubnetGroupName: 'default',
      VpcId: instance.vpcId,
      Subnets: (instance.subnetIds ?? []).map((SubnetIdentifier) => ({ SubnetIdentifier })),
    },
    MultiAZ: false,
    EngineVersion: instance.engineVersion,
    PubliclyAccessible: instance.publiclyAccessible,
    CACertificateIdentifier: 'rds-ca-rsa2048-g1',
    IAMDatabaseAuthenticationEnabled: false,
    DBClusterIdentifier: instance.cluster,
  }
}

function clusterXml(cluster: FakeRdsCluster) {
  return {
    DBClusterIdentifier: cluster.identifier,
    Engine: 'aurora-postgresql',
    Status: 'available',
    Endpoint: cluster.host,
    Port: cluster.port,
    DBClusterMembers: cluster.members.map((id) => ({
      DBInstanceIdentifier: id,
      IsClusterWriter: id === cluster.writer,
    })),
  }
}
