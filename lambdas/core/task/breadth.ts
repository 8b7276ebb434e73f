import { type Block, collapse, contains, sizeOf } from './cidr.ts'
import { SPECIAL_BLOCKS } from './special-blocks.ts'

type OfFamilies<Value> = Readonly<Record<4 | 6, Value>>

/** Public addresses that no list may open together, whoever approves it: more than an IPv4 /8 or an IPv6 /16. Halves of the Internet are the Internet. */
const MOST_PUBLIC: OfFamilies<bigint> = { 4: 1n << 24n, 6: 1n << 112n }

/** How many blocks of the broadest kind a deployed stack lets a list cover together. */
const BLOCKS_OF_THE_BROADEST = 16n

/** How many addresses the blocks cover together, each counted once. */
function addressesOf(blocks: readonly Block[]): OfFamilies<bigint> {
  const apart = collapse(blocks)
  const sum = (family: 4 | 6) => apart.reduce((all, block) => (block.family === family ? all + sizeOf(block) : all), 0n)
  return { 4: sum(4), 6: sum(6) }
}

/** Whether the blocks together open so much of the Internet that no approval helps. */
export function openTheInternet(blocks: readonly Block[]): boolean {
  const isSpecial = (block: Block) => SPECIAL_BLOCKS.some((special) => contains(special.block, block))
  const covered = addressesOf(blocks.filter((block) => !isSpecial(block)))
  return covered[4] > MOST_PUBLIC[4] || covered[6] > MOST_PUBLIC[6]
}

/** Whether the blocks together cover more than a stack allows whose broadest blocks have these prefix lengths. */
export function coverTooMuch(blocks: readonly Block[], broadest: OfFamilies<number>): boolean {
  const covered = addressesOf(blocks)
  const most = (family: 4 | 6) => BLOCKS_OF_THE_BROADEST * sizeOf({ family, first: 0n, length: broadest[family] })
  return covered[4] > most(4) || covered[6] > most(6)
}
