import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { type Block, contains, overlap, parseBlock } from '../lambdas/core/task/cidr.ts'
import { distinct } from './distinct.ts'

/** Of the VPC that the stack makes, where nothing else is said. */
export const DEFAULT_CIDR = '10.255.0.0/24'

const address = z.string().refine((text) => ipaddr.isValid(text), 'must be an IP address')
const vpcId = z.string().regex(/^vpc-[0-9a-f]+$/, 'must be a VPC id')
const databasePorts = distinct(
  z.array(z.int().min(1).max(65535)).min(1, 'must have a port: the workers could reach no database'),
).default(() => [5432])
/** Peerings and routes of this stack are IPv4. */
const block = z
  .string()
  .refine((text) => blocksOf([text])[0]?.family === 4, 'must be an IPv4 block such as 10.0.0.0/16')

/** What may be the block of a VPC that hides nothing public: RFC 1918, and the shared space of RFC 6598, which AWS takes too. */
const PRIVATE = blocksOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'])

/** Those of the texts that are blocks. */
function blocksOf(texts: readonly string[]): readonly Block[] {
  return texts.map((text) => parseBlock(text)).filter((one): one is Block => !('problem' in one))
}

const existingNetwork = z
  .strictObject({
    create: z.literal(false),
    vpcId,
    subnetIds: distinct(z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'must be a subnet id')).min(1)),
    egressAddresses: z.union([z.literal('discover'), distinct(z.array(address))]).default('discover'),
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
    cidr: block
      .refine((text) => /\/(1[6-9]|2[0-4])$/.test(text), 'must be a block of /16 to /24')
      .refine(
        (text) => blocksOf([text]).every((one) => PRIVATE.some((range) => contains(range, one))),
        'must be private: in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10',
      )
      .default(DEFAULT_CIDR),
    zones: distinct(
      z.array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'must be a zone such as us-east-1a')).length(2),
    ).optional(),
    allocationId: z
      .string()
      .regex(/^eipalloc-[0-9a-f]+$/, 'must be the allocation id of an Elastic IP')
      .optional(),
    address: address.optional(),
    peers: z
      .array(
        z.strictObject({
          vpcId,
          cidr: z
            .union([block, distinct(z.array(block).min(1))])
            .transform((given) => (typeof given === 'string' ? [given] : given)),
          routeTableIds: distinct(z.array(z.string().regex(/^rtb-[0-9a-f]+$/, 'must be a route table id')).min(1)),
        }),
      )
      .default(() => []),
    databasePorts,
  })
  .superRefine(({ cidr, peers, allocationId, address: given }, context) => {
    const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    if ((allocationId === undefined) !== (given === undefined))
      problem(['address'], 'must be given together with allocationId')
    for (const [index, { vpcId: id, routeTableIds, cidr: theirs }] of peers.entries()) {
      const before = peers.slice(0, index)
      const same = before.findIndex((one) => one.vpcId === id)
      if (same >= 0)
        problem(['peers', index, 'vpcId'], `is that of peers.${same} too: give all its blocks and route tables there`)
      const shared = before.findIndex((one) => one.routeTableIds.some((table) => routeTableIds.includes(table)))
      if (same < 0 && shared >= 0)
        problem(['peers', index, 'routeTableIds'], `name a table of peers.${shared}: a route table is in one VPC only`)
      const taken = [['cidr', [cidr]] as const, ...before.map((one, at) => [`peers.${at}.cidr`, one.cidr] as const)]
      const other = taken.find(([, blocks]) =>
        blocksOf(blocks).some((one) => blocksOf(theirs).some((peer) => overlap(one, peer))),
      )
      if (other) problem(['peers', index, 'cidr'], `overlaps with ${other[0]}`)
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
