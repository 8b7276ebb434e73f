import { type Block, collapse, formatBlock, parseBlock, sizeOf } from './cidr.ts'
import { specialUse } from './special-blocks.ts'

/** What is done with blocks that are not plainly public and small. */
export interface BlockPolicy {
  /** `drop`: left out and reported (published lists). `refuse`: an error (a user's list). `keep`: the user approved. */
  readonly special: 'drop' | 'refuse' | 'keep'
  /** Blocks broader than /16 (IPv6 /32), more than 2^18 addresses or 200 blocks in all. */
  readonly broad: 'refuse' | 'keep'
}

export interface NormalisedBlocks {
  /** Collapsed, sorted, IPv4 first. */
  readonly blocks: readonly string[]
  /** IPv4 addresses in all. */
  readonly addresses: number
  readonly dropped: readonly BlockProblem[]
  /** Not empty: nothing may be opened. */
  readonly refused: readonly BlockProblem[]
}

export interface BlockProblem {
  /** As given; the word `all` for a limit of the whole list. */
  readonly block: string
  readonly code: 'ACCESS_BLOCK_INVALID' | 'ACCESS_BLOCK_PRIVATE' | 'ACCESS_BLOCK_BROAD' | 'ACCESS_BLOCKS_MANY'
  readonly reason: string
}

/** Broader than this is no list of servers. Shenzhen really publishes three /16. */
const BROADEST = { 4: 16, 6: 32 } as const
const MOST_ADDRESSES = 1n << 18n
const MOST_BLOCKS = 200

/**
 * A list of address blocks made fit for a security group: parsed, cleaned, guarded, collapsed. The guards look at the
 * blocks as they were given: collapsing makes broader ones of honest neighbours.
 * @example
 * normaliseBlocks(['10.45.0.0/24', '47.88.132.0/24', '47.88.133.0/24'], { special: 'drop', broad: 'refuse' }).blocks
 * // ['47.88.132.0/23']
 */
export function normaliseBlocks(texts: readonly string[], policy: BlockPolicy): NormalisedBlocks {
  const kept: Block[] = []
  const dropped: BlockProblem[] = []
  const refused: BlockProblem[] = []
  for (const text of texts.map((one) => one.trim()).filter((one) => one !== '')) {
    const block = parseBlock(text)
    if ('problem' in block) {
      refused.push({ block: text, code: 'ACCESS_BLOCK_INVALID', reason: block.problem })
      continue
    }
    const special = policy.special === 'keep' ? undefined : specialUse(block)
    // A broad block has private parts too: that it is broad is the better reason.
    if (isBroad(block) && policy.broad === 'refuse') refused.push({ block: text, ...BROAD })
    else if (special === undefined) kept.push(block)
    else {
      const list = policy.special === 'drop' ? dropped : refused
      list.push({ block: text, code: 'ACCESS_BLOCK_PRIVATE', reason: `is not public: ${special}` })
    }
  }
  const blocks = collapse(kept)
  const addresses = blocks.reduce((sum, block) => (block.family === 4 ? sum + sizeOf(block) : sum), 0n)
  if (policy.broad === 'refuse') refused.push(...tooMany(addresses, new Set(kept.map(formatBlock)).size))
  return { blocks: blocks.map(formatBlock), addresses: Number(addresses), dropped, refused }
}

const BROAD = { code: 'ACCESS_BLOCK_BROAD', reason: 'is broader than /16 (IPv6: /32)' } as const

const isBroad = (block: Block) => block.length < BROADEST[block.family]

function tooMany(addresses: bigint, count: number): readonly BlockProblem[] {
  const code = 'ACCESS_BLOCKS_MANY'
  if (addresses > MOST_ADDRESSES) return [{ block: 'all', code, reason: `${addresses} addresses, more than 262144` }]
  if (count > MOST_BLOCKS) return [{ block: 'all', code, reason: `${count} blocks, more than ${MOST_BLOCKS}` }]
  return []
}
