import { type Block, overlap, parseBlock } from './cidr.ts'

/** Blocks nobody outside can come from. */
const SPECIAL: readonly (readonly [block: string, what: string])[] = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  // The American Department of Defense's on paper; Alibaba Cloud uses it inside its own network, and publishes it so.
  ['11.0.0.0/8', 'used inside Alibaba Cloud'],
  ['100.64.0.0/10', 'shared by carriers'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'for documentation'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'for benchmarks'],
  ['198.51.100.0/24', 'for documentation'],
  ['203.0.113.0/24', 'for documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  // Of IPv6 only 2000::/3 is routed at all.
  ['::/3', 'reserved'],
  ['4000::/2', 'reserved'],
  ['8000::/1', 'private, link-local or multicast'],
  ['2001:db8::/32', 'for documentation'],
]

export const SPECIAL_BLOCKS: readonly { readonly block: Block; readonly what: string }[] = SPECIAL.flatMap(
  ([text, what]) => {
    const block = parseBlock(text)
    return 'problem' in block ? [] : [{ block, what }]
  },
)

/** What the block is, wholly or in part, that keeps it from being public; `undefined` for a public block. */
export function specialUse(block: Block): string | undefined {
  return SPECIAL_BLOCKS.find((special) => overlap(special.block, block))?.what
}
