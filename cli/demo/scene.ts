import pg from 'pg'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { apsaraInstance } from '../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../local/fakes/clouds.ts'
import { addSecurityGroup } from '../../local/fakes/ec2.ts'
import { carelessSettings, type Server, startServer } from '../../local/servers/server.ts'
import { createSampleRoles, loadSample, type Sample, type SampleServer } from './sample.ts'

const RDS_INSTANCE = 'shop-prod'
const APSARA_INSTANCE = 'pgm-demo0123456789'
const SECURITY_GROUP = 'sg-0demo000000000'

/** What the demo plays on: two real servers, and fakes of the clouds that say the servers are theirs. */
export interface Scene {
  readonly sample: Sample
  readonly source: SampleServer
  readonly destination: SampleServer
  readonly task: TaskInput
  /** To be put into the environment of the run: endpoints and keys of the fakes. */
  readonly environment: Readonly<Record<string, string>>
  /** Rules of the security group and addresses of the whitelist, as text to be compared. */
  access(): string
  stop(): Promise<void>
}

/**
 * Sets the scene. `say` is told what is being done.
 * @param follow the shop goes on selling: without what is in no stream of changes
 */
export async function setScene(say: (text: string) => void, follow = false): Promise<Scene> {
  say('Starting two PostgreSQL servers: 15 plays Amazon RDS, 18 plays ApsaraDB RDS')
  const [source, destination] = await Promise.all([
    startServer({ major: 15, settings: { ...carelessSettings, ...(follow ? { wal_level: 'logical' } : {}) } }),
    startServer({ major: 18, settings: carelessSettings }),
  ])
  say('Loading the sample, a shop')
  const sample = await loadSample(source, undefined, follow)
  await createSampleRoles(destination)
  await createDatabase(destination, sample.database)
  say('Starting small fakes of EC2, RDS, Secrets Manager and Alibaba Cloud')
  const clouds = await startClouds(source, destination, sample.database)
  return {
    ...{ sample, source, destination },
    task: { ...demoTask(sample.database), ...(follow ? followed(sample.database) : {}) },
    environment: clouds.environment,
    access: () => describeAccess(clouds),
    stop: async () => {
      await Promise.all([source.stop(), destination.stop(), clouds.stop()])
    },
  }
}

/** The task of the demo: instance ids and secrets, as between two clouds. TLS is off: the servers are on this machine. */
function demoTask(database: string): TaskInput {
  return {
    name: 'demo-shop',
    source: { rdsInstance: RDS_INSTANCE, region: 'us-east-1', secret: 'sampan/shop-prod', tls: { mode: 'disable' } },
    destination: {
      apsaraInstance: APSARA_INSTANCE,
      region: 'ap-southeast-1',
      secret: 'sampan/shop-singapore',
      tls: { mode: 'disable' },
    },
    databases: [{ name: database }],
    lanes: 4,
    chunkMegabytes: 4,
    access: { dtsCidrs: 'auto', whitelistAddresses: ['52.20.184.7'] },
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
}

/** Of what a stream of changes does not tell: an unlogged table, and one without columns. */
function followed(database: string): Partial<TaskInput> {
  return {
    mode: 'follow',
    follow: {},
    databases: [{ name: database, exclude: ['shop.cart', 'shop.door_bell'] }],
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'FOLLOW_CHANGES_IDENTITY'] },
  }
}

async function startClouds(source: Server, destination: Server, database: string): Promise<FakeClouds> {
  const login = ({ superuser, password }: Server) => JSON.stringify({ username: superuser, password })
  const clouds = await startFakeClouds({
    rds: [
      {
        identifier: RDS_INSTANCE,
        region: 'us-east-1',
        host: source.host,
        port: source.port,
        engine: 'postgres',
        engineVersion: '15.18',
        status: 'available',
        publiclyAccessible: true,
        securityGroups: [SECURITY_GROUP],
        vpcId: 'vpc-0demo0000000000',
      },
    ],
    apsara: [
      apsaraInstance({
        instance: APSARA_INSTANCE,
        host: destination.host,
        port: destination.port,
        engineVersion: '18.0',
        databases: new Map([[database, { characterSet: 'UTF8' }]]),
      }),
    ],
    secrets: { 'sampan/shop-prod': login(source), 'sampan/shop-singapore': login(destination) },
  })
  addSecurityGroup(clouds.state.ec2, SECURITY_GROUP, [
    { fromPort: source.port, toPort: source.port, cidrIpv4: '198.51.100.10/32', description: 'the office' },
  ])
  return clouds
}

function describeAccess({ state }: FakeClouds): string {
  const rules = state.ec2.groups.get(SECURITY_GROUP)?.rules ?? []
  const whitelist = [...(state.alibaba.instances.get(APSARA_INSTANCE)?.ipArrays ?? [])]
  // ApsaraDB puts 127.0.0.1, which lets nobody in, into a group that would be empty.
  const addresses = whitelist.flatMap(([, group]) => group.addresses).filter((address) => address !== '127.0.0.1')
  return JSON.stringify({ rules, addresses })
}

async function createDatabase({ host, port, superuser, password }: Server, name: string): Promise<void> {
  const client = new pg.Client({ host, port, user: superuser, password, database: 'postgres' })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE template0`)
  } finally {
    await client.end()
  }
}
