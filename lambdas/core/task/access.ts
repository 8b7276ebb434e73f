import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { openTheInternet } from './breadth.ts'
import { parseBlock } from './cidr.ts'
import { textThat } from './rule.ts'

const isAddress = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
const isBlock = (text: string) =>
  /^[^/]+\/\d+$/.test(text) && ipaddr.isValidCIDR(text) && isAddress(text.split('/')[0] ?? '')
const isWholeInternet = (text: string) => isBlock(text) && ipaddr.parseCIDR(text)[1] === 0

/** A block of addresses to open to. /0 is refused: it would undo the point of opening access for a while. */
const cidrBlock = textThat(isBlock, {
  code: 'TASK_CIDR',
  message: 'is not a CIDR block',
  remedy: 'write an address and a prefix length, such as 203.0.113.0/24',
}).refine((text) => !isWholeInternet(text), {
  error: 'is the whole Internet',
  params: {
    code: 'TASK_CIDR_TOO_WIDE',
    message: 'is the whole Internet',
    remedy: 'list the blocks that need to come in, or use "auto" or "none"',
  },
})

const whitelistAddress = textThat((text) => isAddress(text) || (isBlock(text) && !isWholeInternet(text)), {
  code: 'TASK_WHITELIST_ADDRESS',
  message: 'is not an address or a CIDR block smaller than the whole Internet',
  remedy: 'write the public address the workflow leaves by, such as 203.0.113.7 or 203.0.113.0/29',
})

/** `0.0.0.0/1` and `128.0.0.0/1` are the whole Internet too. What is no block, or the whole by itself, has an error of its own. */
const isTogetherNarrow = (texts: readonly string[]) =>
  !openTheInternet(
    texts.flatMap((text) => {
      const block = parseBlock(text)
      return 'problem' in block || block.length === 0 ? [] : [block]
    }),
  )

const TOGETHER_TOO_WIDE = {
  error: 'opens too much of the Internet',
  params: {
    code: 'TASK_CIDR_TOO_WIDE',
    message: 'opens too much of the Internet: more than a /8 of IPv4 or a /16 of IPv6 in all',
    remedy: 'list the blocks that need to come in; no approval opens so many',
  },
}

/** The code that lets a run go on although the workers' way in is not known. */
export const WORKERS_SHUT_OUT = 'ACCESS_WORKERS_SHUT_OUT'

/** Codes of OpenAccess that `precheck.acknowledge` may name: it asks for approval before anything is opened, so before the precheck. */
export const ACCESS_APPROVALS: readonly string[] = [
  'ACCESS_BLOCK_BROAD',
  'ACCESS_BLOCK_PRIVATE',
  'ACCESS_BLOCKS_MANY',
  WORKERS_SHUT_OUT,
]

/** What the run opens for its own time, on both clouds. */
export const accessSchema = z.strictObject({
  dtsCidrs: z
    .union([z.enum(['auto', 'none']), z.array(cidrBlock).min(1).refine(isTogetherNarrow, TOGETHER_TOO_WIDE)])
    .default('auto')
    .describe(
      'Which address blocks may come into the RDS security group while the run lasts. auto: the DTS blocks of the ' +
        'destination region. none: nothing, the tight choice when the workflow runs inside the VPC. Or a list of CIDR blocks. ' +
        'Default auto.',
    ),
  whitelistAddresses: z
    .array(whitelistAddress)
    .refine(isTogetherNarrow, TOGETHER_TOO_WIDE)
    .default(() => [])
    .describe('Addresses put into the ApsaraDB whitelist while the run lasts, such as the NAT gateway’s. Default [].'),
})
