import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readInstances } from '../../../lambdas/core/cloud/instances.ts'
import { addSecurityGroup } from '../../../local/fakes/ec2.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access

beforeEach(async () => {
  access = await startAccess()
})
afterEach(() => access.stop())

const added = (group = 'sg-1') =>
  access
    .rules(group)
    .filter((rule) => rule.tags['sampan:execution'])
    .map((rule) => rule.cidrIpv4 ?? rule.referencedGroup)
const tight = { access: { dtsCidrs: 'none' as const } }
const findings = async () =>
  ((await readInstances(access.store, access.event().run))?.findings ?? []).map(({ code }) => code)

describe('a stack whose workers are in a VPC', () => {
  beforeEach(() => {
    addSecurityGroup(access.clouds.state.ec2, 'sg-0workers', [], 'us-east-1', 'vpc-0workers')
    access.clouds.state.ec2.peered = (...vpcs) => vpcs.includes('vpc-0peer')
    access.variables = {
      SAMPAN_STACK: 'Sampan',
      SAMPAN_EGRESS_ADDRESSES: '52.1.2.3',
      SAMPAN_WORKER_SECURITY_GROUP: 'sg-0workers',
      SAMPAN_WORKER_VPCS: 'vpc-0workers,vpc-0peer',
    }
  })

  const move = (vpcId: string) => {
    access.rds.vpcId = vpcId
    for (const id of ['sg-1', 'sg-2']) addSecurityGroup(access.clouds.state.ec2, id, [], 'us-east-1', vpcId)
  }

  test('comes in by its group to an instance of the same VPC', async () => {
    move('vpc-0workers')
    await access.open(tight)
    expect(added()).toEqual(['sg-0workers'])
  })

  test('comes in by the NAT’s address to a public instance elsewhere', async () => {
    await access.open(tight)
    expect(added()).toEqual(['52.1.2.3/32'])
    expect(await findings()).toEqual([])
  })

  test('comes in by its group to a private instance of a peer, and by both to a public one', async () => {
    move('vpc-0peer')
    access.rds.publiclyAccessible = false
    await access.open(tight)
    expect(added()).toEqual(['sg-0workers'])
    expect(await findings()).toEqual([])
    await access.close()
    access.rds.publiclyAccessible = true
    await access.open(tight, 'e2')
    expect(added()).toEqual(['sg-0workers', '52.1.2.3/32'])
  })

  test('is refused in words by a private instance of a VPC that is not joined', async () => {
    access.rds.publiclyAccessible = false
    await expect(access.open()).rejects.toMatchObject({
      code: 'ACCESS_GROUP_OF_ANOTHER_NETWORK',
      message: expect.stringContaining('sg-0workers'),
      retryable: false,
    })
    expect(await findings()).toEqual(['SRC_NOT_PUBLIC'])
    await access.close()
    expect(added()).toEqual([])
  })

  test('names no group of its own region in another: there it comes in by address', async () => {
    Object.assign(access.rds, { region: 'eu-central-1', securityGroups: ['sg-eu'] })
    addSecurityGroup(access.clouds.state.ec2, 'sg-eu', [], 'eu-central-1')
    const source = { rdsInstance: 'orders-prod', region: 'eu-central-1', secret: 'env:X' }
    await access.open({ ...tight, source })
    expect(added('sg-eu')).toEqual(['52.1.2.3/32'])
    await access.close('e1')
    // Without a known address nothing can let them in.
    access.variables = { ...access.variables, SAMPAN_EGRESS_ADDRESSES: '' }
    await expect(access.open({ source }, 'e2')).rejects.toMatchObject({
      code: 'ACCESS_WORKERS_SHUT_OUT',
      message: expect.not.stringContaining('whitelist'),
    })
  })
})

describe('a stack without a VPC', () => {
  beforeEach(() => {
    access.variables = { SAMPAN_STACK: 'Sampan' }
  })

  test('refuses closed servers before anything is opened, both at once, with the option that mends it', async () => {
    await expect(access.open()).rejects.toMatchObject({
      code: 'ACCESS_WORKERS_SHUT_OUT',
      retryable: false,
      message: expect.stringMatching(/security groups of orders-prod.*whitelist of pgm-1/),
      remedy: expect.stringContaining('network: "create"'),
    })
    expect(access.isAsBefore()).toBe(true)
  })

  test('goes on with servers that are open to everybody', async () => {
    addSecurityGroup(access.clouds.state.ec2, 'sg-2', [{ cidrIpv4: '0.0.0.0/0' }])
    access.apsara.ipArrays.set('default', { attribute: '', addresses: ['0.0.0.0/0'] })
    await access.open(tight)
    expect(added()).toEqual([])
  })

  test('goes on where the task says that it is let in, or names the address', async () => {
    await access.open({ ...tight, precheck: { acknowledge: ['ACCESS_WORKERS_SHUT_OUT'] } })
    await access.open({ access: { dtsCidrs: 'none', whitelistAddresses: ['52.9.9.9'] } }, 'e2')
    expect(added()).toEqual(['52.9.9.9/32'])
  })
})

test('on one machine its own way is not known, and the precheck tells', async () => {
  access.variables = {}
  await access.open(tight)
})
