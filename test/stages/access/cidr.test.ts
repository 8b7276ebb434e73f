import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, collapse, formatBlock, overlap, parseBlock, sizeOf } from '../../../lambdas/core/task/cidr.ts'
import { normaliseBlocks } from '../../../lambdas/stages/access/normalise.ts'

const published = { special: 'drop', broad: 'refuse', many: 'refuse' } as const
const given = { special: 'refuse', broad: 'refuse', many: 'refuse' } as const

/** Blocks of a small corner of the address space, so that neighbours and overlaps are frequent. */
const block = (family: 4 | 6): fc.Arbitrary<Block> => {
  const bits = family === 4 ? 32 : 128
  const corner = family === 4 ? 0x2f580000n : 0x24003200n << 96n
  return fc.tuple(fc.integer({ min: bits - 8, max: bits }), fc.bigInt({ min: 0n, max: 255n })).map(([length, low]) => {
    const size = 1n << BigInt(bits - length)
    return { family, length, first: corner + (low / size) * size }
  })
}
const blocks = fc.array(fc.oneof(block(4), block(6)), { maxLength: 40 })

function addressesOf(list: readonly Block[]): Set<string> {
  const addresses = new Set<string>()
  for (const one of list) {
    for (let at = one.first; at < one.first + sizeOf(one); at++) addresses.add(`${one.family} ${at}`)
  }
  return addresses
}

describe('collapsing', () => {
  test('covers exactly the same addresses', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        expect(addressesOf(collapse(list))).toEqual(addressesOf(list))
      }),
    )
  })

  test('done twice changes nothing, and neither does another order', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        const once = collapse(list)
        expect(collapse(once)).toEqual(once)
        expect(collapse([...list].reverse())).toEqual(once)
      }),
    )
  })

  test('leaves no two blocks that overlap, and no more blocks than came in', () => {
    fc.assert(
      fc.property(blocks, (list) => {
        const result = collapse(list)
        expect(result.length).toBeLessThanOrEqual(list.length)
        expect(result.some((left, at) => result.slice(at + 1).some((right) => overlap(left, right)))).toBe(false)
      }),
    )
  })

  test('the whole of either family stays one block', () => {
    const whole = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'].map((text) => parseBlock(text) as Block)
    expect(collapse(whole).map(formatBlock)).toEqual(['0.0.0.0/0', '::/0'])
  })
})

describe('parsing', () => {
  test('a block comes back as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(block(4), block(6)), (one) => {
        expect(parseBlock(formatBlock(one))).toEqual(one)
      }),
    )
  })

  test('a bare address is a block of one', () => {
    expect(parseBlock(' 47.97.27.142 ')).toMatchObject({ family: 4, length: 32 })
    expect(parseBlock('2400:3200::1')).toMatchObject({ family: 6, length: 128 })
  })

  test.each([
    '10.0.0.5/24',
    '2400:3200::1/48',
    '47.88.0.0/33',
    '47.88.0/24',
    '010.1.2.3/32',
    '0x2f.1.2.3',
    '1.2.3.4/24/8',
    '1.2.3.4/+8',
    'fe80::1%eth0',
    'example.org',
    '',
  ])('%s is refused, never corrected', (text) => expect(parseBlock(text)).toHaveProperty('problem'))
})

describe('normalising', () => {
  test('the published list of Singapore becomes its four public blocks', () => {
    const list = [
      '47.88.133.0/24',
      '47.88.139.0/24',
      ' 47.74.206.0/24',
      '47.88.235.0/24',
      '11.193.8.0/24',
      '10.45.241.0/24',
      '47.88.133.0/24',
    ]
    const result = normaliseBlocks(list, published)
    expect(result.blocks).toEqual(['47.74.206.0/24', '47.88.133.0/24', '47.88.139.0/24', '47.88.235.0/24'])
    expect(result.addresses).toBe(1024)
    expect(result.dropped.map((one) => one.block)).toEqual(['11.193.8.0/24', '10.45.241.0/24'])
    expect(result.refused).toEqual([])
  })

  test('neighbours that become broader than /16 pass: the guard looks at what was published', () => {
    const result = normaliseBlocks(['39.108.0.0/16', '39.109.0.0/16'], published)
    expect(result).toMatchObject({ blocks: ['39.108.0.0/15'], refused: [] })
  })

  test('a block broader than /16 is refused, also where it hides private parts', () => {
    expect(normaliseBlocks(['47.0.0.0/8', '8.0.0.0/6'], published).refused).toMatchObject([
      { block: '47.0.0.0/8', code: 'ACCESS_BLOCK_BROAD' },
      { block: '8.0.0.0/6', code: 'ACCESS_BLOCK_BROAD' },
    ])
  })

  test('too many addresses in all are refused, and approval lets them through', () => {
    const list = ['47.0.0.0/16', '47.1.0.0/16', '47.2.0.0/16', '47.3.0.0/16', '8.8.8.8']
    expect(normaliseBlocks(list, published).refused).toMatchObject([{ block: 'all', code: 'ACCESS_BLOCKS_MANY' }])
    expect(normaliseBlocks(list, { ...published, many: 'keep' }).refused).toEqual([])
  })

  test('approving many blocks approves no broad one', () => {
    const { refused } = normaliseBlocks(['47.0.0.0/8'], { ...published, many: 'keep' })
    expect(refused).toMatchObject([{ block: '47.0.0.0/8', code: 'ACCESS_BLOCK_BROAD' }])
  })

  const anything = { special: 'keep', broad: 'keep', many: 'keep' } as const
  test.each([
    [['0.0.0.0/1', '128.0.0.0/1']],
    [['0.0.0.0/2', '64.0.0.0/2', '128.0.0.0/2']],
    [['47.0.0.0/8', '48.0.0.0/16']],
    [['::/1', '8000::/1']],
    [['2400::/16', '2600::/16']],
    [['0.0.0.0/0']],
  ])('%s open too much of the Internet together, whatever is approved', (list) => {
    expect(normaliseBlocks(list, anything).refused).toMatchObject([{ block: 'all', code: 'ACCESS_BLOCKS_INTERNET' }])
  })

  test('one /8 of IPv4, and whatever is private, may be approved', () => {
    expect(normaliseBlocks(['47.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', 'fc00::/7'], anything).refused).toEqual([])
  })

  test('what a deployed stack does not allow is approved by nothing, in one block or in many', () => {
    const stack = { ...anything, broadest: { 4: 16, 6: 32 } }
    const code = 'ACCESS_BLOCK_BEYOND_STACK'
    const sixteens = (count: number) => Array.from({ length: count }, (_, at) => `47.${at}.0.0/16`)
    expect(normaliseBlocks(['47.0.0.0/15', '2400::/31'], stack).refused).toMatchObject([
      { block: '47.0.0.0/15', code },
      { block: '2400::/31', code },
    ])
    expect(normaliseBlocks(sixteens(16), stack).refused).toEqual([])
    expect(normaliseBlocks(sixteens(17), stack).refused).toMatchObject([{ block: 'all', code }])
    expect(normaliseBlocks(['47.0.0.0/12'], { ...stack, broadest: { 4: 12, 6: 32 } }).refused).toEqual([])
  })

  test.each(['192.168.1.0/24', '100.64.0.1', '127.0.0.1', '169.254.1.1', '224.0.0.1', '::1', 'fd00::/48', '11.1.1.1'])(
    'a user’s %s is refused unless approved',
    (text) => {
      expect(normaliseBlocks([text], given)).toMatchObject({ blocks: [], refused: [{ code: 'ACCESS_BLOCK_PRIVATE' }] })
      expect(normaliseBlocks([text], { ...given, special: 'keep' }).blocks).toHaveLength(1)
    },
  )

  test('nothing private survives a published list', () => {
    const anything = fc
      .tuple(fc.integer({ min: 16, max: 32 }), fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }))
      .map(([length, address]) => {
        const size = 1n << BigInt(32 - length)
        return formatBlock({ family: 4, length, first: (address / size) * size })
      })
    const forbidden = [
      '10.0.0.0/8',
      '11.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '100.64.0.0/10',
      '127.0.0.0/8',
      '224.0.0.0/3',
    ]
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 20 }), (list) => {
        for (const text of normaliseBlocks(list, { special: 'drop', broad: 'keep', many: 'keep' }).blocks) {
          const kept = parseBlock(text) as Block
          expect(forbidden.some((other) => overlap(kept, parseBlock(other) as Block))).toBe(false)
        }
      }),
    )
  })

  test('every region published in 2021 passes the guards and collapses to the figures known', async () => {
    const text = await readFile(new URL('./dts-cidrs-2021-03-16.json', import.meta.url), 'utf8')
    const { regions } = JSON.parse(text) as { regions: Record<string, { published: string[]; collapsed: string[] }> }
    for (const region of Object.values(regions)) {
      const result = normaliseBlocks(region.published, published)
      expect(result.refused).toEqual([])
      expect(new Set(result.blocks)).toEqual(new Set(region.collapsed))
    }
    expect(normaliseBlocks(regions['cn-shenzhen']?.published ?? [], published).addresses).toBe(199_746)
  })
})
