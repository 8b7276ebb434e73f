import { coverTooMuch, openTheInternet } from '../../core/task/breadth.ts'
import { type Block, collapse, formatBlock, parseBlock, sizeOf } from '../../core/task/cidr.ts'
import { specialUse } from '../../core/task/special-blocks.ts'

/** What is done with blocks that are not plainly public and small. */
export interface BlockPolicy {
  /** `drop`: left out and reported (published lists). `refuse`: an error (a user's list). `keep`: the user approved. */
  readonly special: 'drop' | 'refuse' | 'keep'
  /** Single blocks broader than /16 (IPv6 /32). */
  readonly broad: 'refuse' | 'keep'
  /** More than 2^18 addresses or 200 blocks in all, not counting broad ones that were kept. */
  readonly many: 'refuse' | 'keep'
  /** Prefix lengths of the broadest blocks that the deployed stack lets a task open; no approval goes beyond. */
  readonly broadest?: Readonly<Record<4 | 6, number>> | undefined
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
  readonly code:
    | 'ACCESS_BLOCK_INVALID'
    | 'ACCESS_BLOCK_PRIVATE'
    | 'ACCESS_BLOCK_BROAD'
    | 'ACCESS_BLOCKS_MANY'
    | 'ACCESS_BLOCK_BEYOND_STACK'
    | 'ACCESS_BLOCKS_INTERNET'
  readonly reason: string
}

/** Broader than this is no list of servers. Shenzhen really publishes three /16. */
const BROADEST = { 4: 16, 6: 32 } as const
const MOST_ADDRESSES = 1n << 18n
const MOST_BLOCKS = 200

/**
 * A list of address blocks made fit for a security group: parsed, cleaned, guarded, collapsed. The guards of single
 * blocks look at them as they were given: collapsing makes broader ones of honest neighbours. What they cover together has bounds of its own.
 * @example
 * normaliseBlocks(['10.45.0.0/24', '47.88.132.0/24', '47.88.133.0/24'], { special: 'drop', broad: 'refuse', many: 'refuse' }).blocks
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
    if (policy.broadest && block.length < policy.broadest[block.family])
      refused.push({ block: text, ...beyond(policy.broadest) })
    else if (isBroad(block) && policy.broad === 'refuse') refused.push({ block: text, ...BROAD })
    else if (special === undefined) kept.push(block)
    else {
      const list = policy.special === 'drop' ? dropped : refused
      list.push({ block: text, code: 'ACCESS_BLOCK_PRIVATE', reason: `is not public: ${special}` })
    }
  }
  const blocks = collapse(kept)
  if (policy.many === 'refuse') refused.push(...tooMany(kept.filter((block) => !isBroad(block))))
  if (openTheInternet(kept)) refused.push({ block: 'all', ...INTERNET })
  else if (policy.broadest && coverTooMuch(kept, policy.broadest))
    refused.push({
      block: 'all',
      ...beyond(policy.broadest),
      reason: 'cover more than sixteen of the broadest blocks that the stack allows',
    })
  return { blocks: blocks.map(formatBlock), addresses: Number(addressesOf(blocks)), dropped, refused }
}

const BROAD = { code: 'ACCESS_BLOCK_BROAD', reason: 'is broader than /16 (IPv6: /32)' } as const

const INTERNET = {
  code: 'ACCESS_BLOCKS_INTERNET',
  reason: 'open too much of the Internet: more than a /8 of IPv4 or a /16 of IPv6',
} as const

const beyond = (broadest: Readonly<Record<4 | 6, number>>) =>
  ({
    code: 'ACCESS_BLOCK_BEYOND_STACK',
    reason: `is broader than the stack allows (/${broadest[4]}, IPv6: /${broadest[6]})`,
  }) as const

const isBroad = (block: Block) => block.length < BROADEST[block.family]

function tooMany(blocks: readonly Block[]): readonly BlockProblem[] {
  const code = 'ACCESS_BLOCKS_MANY'
  const addresses = addressesOf(collapse(blocks))
  const count = new Set(blocks.map(formatBlock)).size
  if (addresses > MOST_ADDRESSES) return [{ block: 'all', code, reason: `${addresses} addresses, more than 262144` }]
  if (count > MOST_BLOCKS) return [{ block: 'all', code, reason: `${count} blocks, more than ${MOST_BLOCKS}` }]
  return []
}

/** Of IPv4. */
const addressesOf = (blocks: readonly Block[]): bigint =>
  blocks.reduce((sum, block) => (block.family === 4 ? sum + sizeOf(block) : sum), 0n)
