import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { overlap, parseBlock } from '../lambdas/task/cidr.ts'

const address = z.string().refine((text) => ipaddr.isValid(text), 'must be an IP address')
const vpcId = z.string().regex(/^vpc-[0-9a-f]+$/, 'must be a VPC id')
/** TCP ports the workers may call besides 443. */
const databasePorts = z.array(z.int().min(1).max(65535)).default(() => [5432])
const block = z.string().refine((text) => !('problem' in parseBlock(text)), 'must be a block such as 10.0.0.0/16')

const existingNetwork = z
  .strictObject({
    create: z.literal(false),
    vpcId,
    /** Private subnets whose way out is a NAT gateway. Two, in different zones, outlive the loss of a zone. */
    subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'must be a subnet id')).min(1),
    /**
     * The addresses the workers leave by, for the ApsaraDB whitelist. `discover` asks EC2 for the NAT gateways of the subnets
     * when the stack is synthesised.
     */
    egressAddresses: z.union([z.literal('discover'), z.array(address)]).default('discover'),
    /**
     * How the workers come in to the source: `group` by a rule for their security group (the source is in this VPC or a peer
     * of it, and is reached by its private address), `addresses` by rules for the egress addresses (a public source), `auto` by what the
     * instance is: the group where it is in this VPC or has no public address, else the addresses.
     */
    sourceBy: z.enum(['auto', 'group', 'addresses']).default('auto'),
    databasePorts,
  })
  .refine(({ sourceBy, egressAddresses }) => sourceBy !== 'addresses' || egressAddresses.length > 0, {
    path: ['egressAddresses'],
    error: 'must name an address where sourceBy is "addresses"',
  })

const madeNetwork = z
  .strictObject({
    create: z.literal(true),
    /** Of the VPC that is made. It must overlap with none of the peers. */
    cidr: block
      .refine((text) => /\/(1[6-9]|2[0-4])$/.test(text), 'must be a block of /16 to /24')
      .default('10.255.0.0/24'),
    /** Two zones; default the first two that the account has in the region. */
    zones: z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'must be a zone such as us-east-1a'))
      .length(2)
      .optional(),
    /** An Elastic IP that is there already, so that the address stays when the stack goes; without it the stack makes one. */
    allocationId: z
      .string()
      .regex(/^eipalloc-[0-9a-f]+$/, 'must be the allocation id of an Elastic IP')
      .optional(),
    /** The public address of `allocationId`. */
    address: address.optional(),
    /** VPCs of private sources in this account and region: a peering is made to each, with routes both ways. */
    peers: z
      .array(
        z.strictObject({
          vpcId,
          cidr: block,
          /** Of the subnets that the instance is in. */
          routeTableIds: z.array(z.string().regex(/^rtb-[0-9a-f]+$/, 'must be a route table id')).min(1),
        }),
      )
      .default(() => []),
    databasePorts,
  })
  .superRefine(({ cidr, peers, allocationId, address: given }, context) => {
    const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    if ((allocationId === undefined) !== (given === undefined))
      problem(['address'], 'must be given together with allocationId')
    const blocks = [cidr, ...peers.map((peer) => peer.cidr)].map((text) => parseBlock(text))
    for (const [index, one] of blocks.entries()) {
      if (index === 0 || 'problem' in one) continue
      const other = blocks.slice(0, index).findIndex((before) => !('problem' in before) && overlap(before, one))
      if (other >= 0)
        problem(['peers', index - 1, 'cidr'], `overlaps with ${other === 0 ? 'cidr' : `peers.${other - 1}.cidr`}`)
    }
  })

/** `create` is short for a VPC made with the defaults; an object that does not say `create` names a VPC that is there. */
export const networkSchema = z.preprocess(
  (given) =>
    given === 'create'
      ? { create: true }
      : typeof given === 'object' && given !== null && !('create' in given)
        ? { create: false, ...given }
        : given,
  z.discriminatedUnion('create', [existingNetwork, madeNetwork], {
    error: 'must be "create", {"create": true, …}, {"vpcId": …, "subnetIds": […]} or null',
  }),
)

export type NetworkOptions = z.output<typeof networkSchema>
export type ExistingNetwork = z.output<typeof existingNetwork>
export type MadeNetwork = z.output<typeof madeNetwork>
