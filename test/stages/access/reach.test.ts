import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { examine } from '../../../lambdas/stages/access/examine.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import type { FakeVpc } from '../../../local/fakes/vpc.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
const ofSource = 'vpc-0fake0000000000'

beforeEach(async () => {
  access = await startAccess()
  access.rds.publiclyAccessible = false
  access.rds.subnetIds = ['subnet-a', 'subnet-b']
})
afterEach(() => access.stop())

const look = async () => {
  const { layout, reach, suggestion } = await examine(access.event().task, 'Sampan', 'us-east-1', access.tools)
  return { layout, suggestion, reach: reach.map(({ what, reached, how }) => `${reached} ${what}: ${how}`) }
}

/** The source's own VPC: two private subnets, with a NAT gateway or without. */
function sourceVpc(change: Partial<FakeVpc> = {}): void {
  access.clouds.state.ec2.vpcs.set(ofSource, {
    id: ofSource,
    region: 'us-east-1',
    cidr: '10.0.0.0/16',
    subnets: { 'subnet-a': { zone: 'us-east-1a', table: 'rtb-1' }, 'subnet-b': { zone: 'us-east-1b' } },
    tables: { main: { '0.0.0.0/0': 'nat-1' }, 'rtb-1': { '0.0.0.0/0': 'nat-1' } },
    natGateways: { 'nat-1': '203.0.113.7' },
    ...change,
  })
}

function deploy(vpcId: string, subnetIds: readonly string[], variables: Readonly<Record<string, string>> = {}): void {
  access.clouds.state.functions.set('Sampan-Precheck', {
    FunctionName: 'Sampan-Precheck',
    ...(vpcId === '' ? {} : { VpcConfig: { VpcId: vpcId, SubnetIds: subnetIds, SecurityGroupIds: ['sg-0workers'] } }),
    Environment: { Variables: variables },
  })
}

const inVpc = {
  SAMPAN_WORKER_SECURITY_GROUP: 'sg-0workers',
  SAMPAN_WORKER_VPCS: ofSource,
  SAMPAN_EGRESS_ADDRESSES: '203.0.113.7',
}
const routesOut = { main: {}, 'rtb-1': {} }

describe('before a stack is deployed, the option is told that reaches the source', () => {
  test('its own VPC, where that has a NAT gateway', async () => {
    sourceVpc()
    expect(await look()).toMatchObject({
      layout: null,
      suggestion: { network: { vpcId: ofSource, subnetIds: ['subnet-a', 'subnet-b'] } },
    })
  })

  test('a VPC of the stack’s own joined to it, where it has none; not joined, where the source is public', async () => {
    sourceVpc({ tables: routesOut, natGateways: {} })
    const { suggestion } = await look()
    expect(suggestion?.network).toEqual({
      create: true,
      cidr: '10.255.0.0/24',
      peers: [{ vpcId: ofSource, cidr: '10.0.0.0/16', routeTableIds: ['rtb-1', 'main'] }],
    })
    access.rds.publiclyAccessible = true
    expect((await look()).suggestion?.network).toBe('create')
  })

  test('with a block that neither the VPC has, first or further, nor one of its routes', async () => {
    const joined = { '10.255.255.0/24': 'pcx-1' }
    sourceVpc({ more: ['10.255.0.0/20'], tables: { main: joined, 'rtb-1': {} }, natGateways: {} })
    expect((await look()).suggestion?.network).toMatchObject({
      cidr: '10.255.254.0/24',
      peers: [{ cidr: ['10.0.0.0/16', '10.255.0.0/20'] }],
    })
  })

  test('none, where the source is private in another region', async () => {
    sourceVpc()
    const { task } = access.event()
    const elsewhere = { ...task, source: { ...task.source, region: 'us-east-1' } }
    expect((await examine(elsewhere, 'Sampan', 'eu-west-1', access.tools)).suggestion).toBeNull()
  })
})

describe('of a deployed stack it is told what it reaches, by what, and why not', () => {
  test('in the VPC of the source', async () => {
    sourceVpc({ gatewayEndpoints: { s3: ['rtb-1', 'main'] } })
    deploy(ofSource, ['subnet-a', 'subnet-b'], inVpc)
    expect((await look()).reach).toEqual([
      'true source orders-prod: in the workers’ own VPC, by a rule for their security group',
      'true destination pgm-1: by the NAT, a whitelist entry for 203.0.113.7',
      'true Secrets Manager in us-east-1: by the NAT',
      'true S3 in us-east-1: by a gateway endpoint',
    ])
  })

  test('with a NAT gateway that was replaced since, or is gone', async () => {
    sourceVpc({ natGateways: { 'nat-1': '198.51.100.9' } })
    deploy(ofSource, ['subnet-a'], inVpc)
    expect((await look()).reach[1]).toBe(
      'false destination pgm-1: the NAT leaves by 198.51.100.9, the deployment says 203.0.113.7: deploy again',
    )
    sourceVpc({ tables: routesOut, interfaceEndpoints: ['secretsmanager'] })
    expect((await look()).reach.slice(1)).toEqual([
      'false destination pgm-1: subnet-a has no route to a NAT gateway',
      'true Secrets Manager in us-east-1: by an interface endpoint',
      'false S3 in us-east-1: subnet-a has no NAT gateway, and the VPC no endpoint for it',
    ])
  })

  test('in a VPC that is joined to the source’s, one way or both', async () => {
    sourceVpc()
    access.clouds.state.ec2.vpcs.set('vpc-0workers', {
      id: 'vpc-0workers',
      region: 'us-east-1',
      cidr: '10.255.0.0/24',
      subnets: { 'subnet-w': { zone: 'us-east-1a' } },
      tables: { main: { '0.0.0.0/0': 'nat-w', '10.0.0.0/16': 'pcx-1' } },
      natGateways: { 'nat-w': '203.0.113.7' },
    })
    deploy('vpc-0workers', ['subnet-w'], { ...inVpc, SAMPAN_WORKER_VPCS: 'vpc-0workers' })
    expect((await look()).reach[0]).toBe(
      'false source orders-prod: no route leads back to 10.255.0.0/24 from subnet-a, subnet-b',
    )
    sourceVpc({ tables: { main: { '10.255.0.0/24': 'pcx-1' }, 'rtb-1': { '10.255.0.0/24': 'pcx-1' } } })
    expect((await look()).reach[0]).toBe('true source orders-prod: by pcx-1, by a rule for the workers’ security group')
  })

  test('by those blocks of the two VPCs that the instance and the workers are in, first or further', async () => {
    const worker = (to: string) =>
      access.clouds.state.ec2.vpcs.set('vpc-0workers', {
        ...{ id: 'vpc-0workers', region: 'us-east-1', cidr: '10.255.0.0/24', more: ['10.254.0.0/24'] },
        subnets: { 'subnet-w': { zone: 'us-east-1a', cidr: '10.254.0.0/26' } },
        tables: { main: { '0.0.0.0/0': 'nat-w', [to]: 'pcx-1' } },
        natGateways: { 'nat-w': '203.0.113.7' },
      })
    const source = (to: string) =>
      sourceVpc({
        more: ['10.1.0.0/16'],
        subnets: {
          'subnet-a': { zone: 'us-east-1a', cidr: '10.1.1.0/24' },
          'subnet-b': { zone: 'us-east-1b', cidr: '10.1.2.0/24' },
          'subnet-c': { zone: 'us-east-1b', cidr: '10.0.2.0/24' },
        },
        tables: { main: { [to]: 'pcx-1' } },
      })
    deploy('vpc-0workers', ['subnet-w'], { ...inVpc, SAMPAN_WORKER_VPCS: 'vpc-0workers' })
    worker('10.0.0.0/16')
    source('10.254.0.0/24')
    expect((await look()).reach[0]).toBe(
      `false source orders-prod: it is private in ${ofSource}; no route leads to its 10.1.0.0/16 from vpc-0workers`,
    )
    worker('10.1.0.0/16')
    source('10.255.0.0/24')
    expect((await look()).reach[0]).toBe(
      'false source orders-prod: no route leads back to 10.254.0.0/24 from subnet-a, subnet-b',
    )
    source('10.254.0.0/24')
    expect((await look()).reach[0]).toMatch(/^true source orders-prod: by pcx-1/)
  })

  test('without a VPC', async () => {
    deploy('', [])
    expect((await look()).reach.slice(0, 2)).toEqual([
      'false source orders-prod: it is private, and the workers are in no VPC',
      'false destination pgm-1: no address of the workers is known, so no whitelist entry can let them in',
    ])
    access.rds.publiclyAccessible = true
    addSecurityGroup(access.clouds.state.ec2, 'sg-2', [{ cidrIpv4: '0.0.0.0/0' }])
    access.apsara.ipArrays.set('default', { attribute: '', addresses: ['0.0.0.0/0'] })
    expect((await look()).reach.map((line) => line.split(' ')[0])).toEqual(['true', 'true', 'true', 'true'])
  })

  test('without credentials of Alibaba Cloud, of the destination nothing', async () => {
    sourceVpc()
    deploy(ofSource, ['subnet-a'], inVpc)
    access.variables = { ALIBABA_CLOUD_ACCESS_KEY_ID: '' }
    expect((await look()).reach[1]).toMatch(
      /^null destination: Alibaba Cloud did not tell \(ALIBABA_CREDENTIALS_MISSING/,
    )
  })
})
