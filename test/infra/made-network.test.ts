import { Annotations, Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import type { DeploymentOptions } from '../../infra/deployment-options.ts'
import { layoutRemarks } from '../../infra/layout-remarks.ts'
import { readOptions } from '../../infra/options.ts'
import { makeStack, nagFindings, synthesise } from './stack.ts'

const PEERED: DeploymentOptions = {
  account: '111122223333',
  region: 'eu-central-1',
  network: {
    create: true,
    cidr: '10.9.0.0/20',
    zones: ['eu-central-1a', 'eu-central-1b'],
    peers: [{ vpcId: 'vpc-0a1b', cidr: '10.0.0.0/16', routeTableIds: ['rtb-0a1b', 'rtb-2c3d'] }],
  },
}

const peer = (nth: number) => ({ vpcId: `vpc-0${nth}`, cidr: `10.${nth}.0.0/16`, routeTableIds: [`rtb-0${nth}`] })

describe('a VPC that the stack makes', () => {
  const made = synthesise({ network: 'create' })
  const peered = synthesise(PEERED)

  it('lets the workers leave by one fixed address, which is told', () => {
    made.resourceCountIs('AWS::EC2::NatGateway', 1)
    made.hasResourceProperties('AWS::EC2::NatGateway', {
      AllocationId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^NetworkAddress'), 'AllocationId'] },
    })
    const [id] = Object.keys(made.findResources('AWS::EC2::EIP'))
    const address = { 'Fn::GetAtt': [id, 'PublicIp'] }
    expect(made.toJSON().Outputs.EgressAddresses.Value).toEqual(address)
    made.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'Sampan-CopyLane',
      VpcConfig: { SubnetIds: [Match.anyValue(), Match.anyValue()] },
      Environment: { Variables: Match.objectLike({ SAMPAN_EGRESS_ADDRESSES: address }) },
    })
    // Whoever opens and closes works when the NAT is what broke, and tells the address all the same.
    made.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'Sampan-OpenAccess',
      VpcConfig: Match.absent(),
      Environment: { Variables: Match.objectLike({ SAMPAN_EGRESS_ADDRESSES: address }) },
    })
  })

  it('has the workers in private subnets of two zones, with S3 by a gateway endpoint', () => {
    const subnets = Object.entries(made.findResources('AWS::EC2::Subnet'))
    expect(subnets.filter(([, { Properties }]) => Properties.MapPublicIpOnLaunch === true)).toEqual([])
    expect(subnets).toHaveLength(4)
    made.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      RouteTableIds: Match.arrayWith([{ Ref: Match.stringLikeRegexp('^NetworkVpcWorkersSubnet1RouteTable') }]),
    })
  })

  it('is synthesised without asking an account, also where account and region are named', () => {
    expect(JSON.stringify(synthesise({ ...PEERED, network: 'create' }).toJSON())).not.toContain('dummy1')
    peered.hasResourceProperties('AWS::EC2::Subnet', { AvailabilityZone: 'eu-central-1b' })
  })

  it('is joined to the VPCs of private sources, with routes there and back', () => {
    peered.hasResourceProperties('AWS::EC2::VPCPeeringConnection', { PeerVpcId: 'vpc-0a1b' })
    const over = Object.values(peered.findResources('AWS::EC2::Route'))
      .map(({ Properties }) => Properties)
      .filter(({ VpcPeeringConnectionId }) => VpcPeeringConnectionId !== undefined)
      .map(({ DestinationCidrBlock, RouteTableId }) => [DestinationCidrBlock, RouteTableId.Ref ?? RouteTableId])
    expect(over).toEqual([
      ['10.0.0.0/16', expect.stringMatching(/WorkersSubnet1RouteTable/)],
      ['10.0.0.0/16', expect.stringMatching(/WorkersSubnet2RouteTable/)],
      ['10.9.0.0/20', 'rtb-0a1b'],
      ['10.9.0.0/20', 'rtb-2c3d'],
    ])
    const vpc = { Ref: Object.keys(peered.findResources('AWS::EC2::VPC'))[0] }
    peered.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'Sampan-OpenAccess',
      Environment: { Variables: Match.objectLike({ SAMPAN_WORKER_VPCS: { 'Fn::Join': ['', [vpc, ',vpc-0a1b']] } }) },
    })
  })

  it('joins a VPC with several blocks by a route to each', () => {
    const two = synthesise({
      network: {
        create: true,
        peers: [{ vpcId: 'vpc-0a1b', cidr: ['10.0.0.0/16', '100.64.0.0/20'], routeTableIds: ['rtb-0a1b'] }],
      },
    })
    const to = Object.values(two.findResources('AWS::EC2::Route')).map(
      ({ Properties }) => Properties.DestinationCidrBlock as string,
    )
    expect(to.filter((block) => block === '100.64.0.0/20')).toHaveLength(2)
    two.resourceCountIs('AWS::EC2::VPCPeeringConnection', 1)
  })

  it('is another one beside the first where block or zones change, of which CloudFormation can change nothing', {
    tags: 'long',
  }, () => {
    const ids = (network: DeploymentOptions['network']) =>
      Object.entries(synthesise({ network }).toJSON().Resources as Record<string, { Type: string }>)
        .filter(([, { Type }]) => /^AWS::EC2::(VPC|Subnet|EIP|NatGateway|RouteTable|InternetGateway)$/.test(Type))
        .map(([id]) => id)
    const layouts: DeploymentOptions['network'][] = [
      'create',
      { create: true, cidr: '10.9.0.0/24' },
      { create: true, zones: ['eu-central-1a', 'eu-central-1b'] },
      { create: true, zones: ['eu-central-1a', 'eu-central-1c'] },
    ]
    const all = layouts.flatMap(ids)
    expect(new Set(all).size).toBe(all.length)
  })

  it('may leave by an address that is there already', () => {
    const kept = synthesise({ network: { create: true, allocationId: 'eipalloc-0a1b', address: '203.0.113.9' } })
    kept.resourceCountIs('AWS::EC2::EIP', 0)
    kept.hasResourceProperties('AWS::EC2::NatGateway', { AllocationId: 'eipalloc-0a1b' })
    expect(kept.toJSON().Outputs.EgressAddresses.Value).toBe('203.0.113.9')
  })

  it('says at synth what the layout reaches, and what not', () => {
    const remarks = (input: DeploymentOptions) => layoutRemarks(readOptions(input)).map(({ id }) => id)
    expect(remarks({})).toEqual(['sampan:noVpc'])
    expect(remarks({ network: 'create' })).toEqual(['sampan:madeVpc'])
    const network = { vpcId: 'vpc-0a', subnetIds: ['subnet-0a'], egressAddresses: [] }
    const regions = { region: 'us-east-1', sourceRegions: ['us-east-1', 'eu-central-1'] }
    expect(remarks({ network, ...regions })).toEqual(['sampan:noAddress', 'sampan:otherRegions'])
    // More memory than a new account's functions may have is told before CloudFormation rolls everything back.
    expect(remarks({ network: 'create', size: 'large' })).toEqual(['sampan:madeVpc'])
    expect(remarks({ network: 'create', size: 'xlarge' })).toEqual(['sampan:madeVpc', 'sampan:memoryQuota'])
    const { stack } = makeStack()
    expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('open to everybody'))).toHaveLength(1)
  })

  it('passes cdk-nag', () => {
    expect(nagFindings(PEERED)).toEqual([])
  })

  it.each<[unknown, RegExp]>([
    [{ create: true, cidr: '10.0.0.0/25' }, /network\.cidr: must be a block of \/16 to \/24/],
    [{ create: true, allocationId: 'eipalloc-0a1b' }, /network\.address: must be given together/],
    [
      { create: true, peers: [{ vpcId: 'vpc-0a', cidr: '10.255.0.0/16', routeTableIds: ['rtb-0a'] }] },
      /network\.peers\.0\.cidr: overlaps with cidr/,
    ],
    [{ create: true, peers: [peer(1), { ...peer(2), vpcId: 'vpc-01' }] }, /peers\.1\.vpcId: is that of peers\.0 too/],
    [
      { create: true, peers: [peer(1), { ...peer(2), routeTableIds: ['rtb-01'] }] },
      /peers\.1\.routeTableIds: name a table of peers\.0/,
    ],
    [
      { create: true, peers: [{ ...peer(1), routeTableIds: ['rtb-01', 'rtb-01'] }] },
      /routeTableIds\.1: is there twice/,
    ],
    [{ vpcId: 'vpc-0a', subnetIds: [] }, /network\.subnetIds/],
    [{ vpcId: 'vpc-0a', subnetIds: ['subnet-0a'], sourceBy: 'addresses', egressAddresses: [] }, /egressAddresses/],
    ['made', /network: must be "create"/],
  ])('is refused as %j', (network, problem) => {
    expect(() => readOptions({ network } as DeploymentOptions)).toThrow(problem)
  })
})
