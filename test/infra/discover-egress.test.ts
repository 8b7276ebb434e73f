import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { discoverEgress } from '../../infra/discover-egress.ts'
import { readOptions } from '../../infra/options.ts'

/** EC2 with two subnets: one with a route table of its own, one with the VPC's main table. */
const ANSWERS: Readonly<Record<string, string>> = {
  DescribeRouteTables: `<DescribeRouteTablesResponse><routeTableSet>
    <item><routeTableId>rtb-main</routeTableId><associationSet><item><main>true</main></item></associationSet>
      <routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-b</natGatewayId></item></routeSet></item>
    <item><routeTableId>rtb-a</routeTableId>
      <associationSet><item><main>false</main><subnetId>subnet-0a</subnetId></item><item><main>false</main><subnetId>subnet-0c</subnetId></item></associationSet>
      <routeSet><item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId></item>
        <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-a</natGatewayId></item></routeSet></item>
    <item><routeTableId>rtb-d</routeTableId><associationSet><item><main>false</main><subnetId>subnet-0d</subnetId></item></associationSet>
      <routeSet><item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId></item></routeSet></item>
  </routeTableSet></DescribeRouteTablesResponse>`,
  'DescribeNatGateways nat-a nat-b': `<DescribeNatGatewaysResponse><natGatewaySet>
    <item><natGatewayId>nat-b</natGatewayId><natGatewayAddressSet><item><publicIp>203.0.113.8</publicIp></item></natGatewayAddressSet></item>
    <item><natGatewayId>nat-a</natGatewayId><natGatewayAddressSet><item><publicIp>203.0.113.7</publicIp></item></natGatewayAddressSet></item>
  </natGatewaySet></DescribeNatGatewaysResponse>`,
}

let server: Server
let client: EC2Client

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const form = new URLSearchParams(body)
      const ids = [...form].filter(([key]) => key.startsWith('NatGatewayId.')).map(([, value]) => value)
      response.end(ANSWERS[[form.get('Action'), ...ids].join(' ')] ?? '<Nothing/>')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = new EC2Client({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
  })
})

afterAll(() => {
  client.destroy()
  server.close()
})

const optionsFor = (...subnetIds: string[]) => readOptions({ network: { vpcId: 'vpc-0a', subnetIds } })

describe('the addresses the workers leave by', () => {
  it('are those of the NAT gateways in the route tables of the subnets, the main table included', async () => {
    const { network } = await discoverEgress(optionsFor('subnet-0a', 'subnet-0b', 'subnet-0c'), client)
    expect(network).toMatchObject({ egressAddresses: ['203.0.113.7', '203.0.113.8'] })
  })

  it('cannot be found where a subnet leaves by an Internet gateway, and what to do is said', async () => {
    await expect(discoverEgress(optionsFor('subnet-0d'), client)).rejects.toThrow(
      /subnet-0d has no default route to a NAT gateway\ngive them as network\.egressAddresses/,
    )
  })

  it('are not asked for where they are given', async () => {
    const given = readOptions({ network: { vpcId: 'vpc-0a', subnetIds: ['subnet-0d'], egressAddresses: [] } })
    expect(await discoverEgress(given, client)).toBe(given)
  })
})
