import ipaddr from 'ipaddr.js'

/** A block of addresses. `first` has no bit set behind `length`. */
export interface Block {
  readonly family: 4 | 6
  readonly first: bigint
  readonly length: number
}

const bitsOf = (family: 4 | 6) => (family === 4 ? 32 : 128)

/** How many addresses the block has. */
export function sizeOf(block: Block): bigint {
  return 1n << BigInt(bitsOf(block.family) - block.length)
}

const lastOf = (block: Block) => block.first + sizeOf(block) - 1n

/**
 * `47.88.133.0/24`, `47.88.133.7` (a block of one address), `2400:3200::/48`.
 * @returns the block, or why the text is none
 */
export function parseBlock(text: string): Block | { readonly problem: string } {
  const [address = '', length, ...more] = text.trim().split('/')
  if (more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return { problem: 'is not a CIDR block' }
  const family = familyOf(address)
  if (family === undefined) return { problem: 'is not an address' }
  const bits = bitsOf(family)
  const prefix = length === undefined ? bits : Number(length)
  if (prefix > bits) return { problem: `has a prefix longer than ${bits}` }
  const first = toNumber(address)
  if ((first & ((1n << BigInt(bits - prefix)) - 1n)) !== 0n) return { problem: 'has host bits set behind its prefix' }
  return { family, first, length: prefix }
}

/** Only the four decimal parts everyone reads alike: `010.1` and `0x7f.1` are addresses to some parsers. */
function familyOf(address: string): 4 | 6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return 4
  return address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address) ? 6 : undefined
}

function toNumber(address: string): bigint {
  return ipaddr
    .parse(address)
    .toByteArray()
    .reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

export function formatBlock(block: Block): string {
  const count = bitsOf(block.family) / 8
  const bytes = Array.from({ length: count }, (_, index) =>
    Number((block.first >> BigInt(8 * (count - 1 - index))) & 255n),
  )
  return `${ipaddr.fromByteArray(bytes).toString()}/${block.length}`
}

/** True where the two have an address in common. */
export function overlap(left: Block, right: Block): boolean {
  return left.family === right.family && left.first <= lastOf(right) && right.first <= lastOf(left)
}

/** True where every address of `inner` is in `outer`. */
export function contains(outer: Block, inner: Block): boolean {
  return outer.family === inner.family && outer.first <= inner.first && lastOf(inner) <= lastOf(outer)
}

/** The fewest blocks that cover exactly the same addresses, sorted, IPv4 first. */
export function collapse(blocks: readonly Block[]): readonly Block[] {
  return ([4, 6] as const).flatMap((family) => {
    const spans = merge(blocks.filter((block) => block.family === family))
    return spans.flatMap(([first, last]) => cover(family, first, last))
  })
}

type Span = readonly [first: bigint, last: bigint]

/** Spans that neither overlap nor touch. */
function merge(blocks: readonly Block[]): readonly Span[] {
  const sorted = [...blocks].sort((left, right) => (left.first < right.first ? -1 : left.first > right.first ? 1 : 0))
  const spans: Span[] = []
  for (const block of sorted) {
    const before = spans.at(-1)
    if (!before || block.first > before[1] + 1n) spans.push([block.first, lastOf(block)])
    else if (lastOf(block) > before[1]) spans[spans.length - 1] = [before[0], lastOf(block)]
  }
  return spans
}

/** The blocks of one span: each as large as its first address and what is left allow. */
function cover(family: 4 | 6, first: bigint, last: bigint): readonly Block[] {
  const bits = bitsOf(family)
  const blocks: Block[] = []
  for (let at = first; at <= last; ) {
    let length = bits
    while (length > 0 && fits(at, bits - length + 1, last)) length -= 1
    const block: Block = { family, first: at, length }
    blocks.push(block)
    at += sizeOf(block)
  }
  return blocks
}

/** Whether 2^power addresses from `at` are aligned and do not reach beyond `last`. */
function fits(at: bigint, power: number, last: bigint): boolean {
  const size = 1n << BigInt(power)
  return at % size === 0n && at + size - 1n <= last
}
