import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { select as selected } from '../../../lambdas/core/task/select/select.ts'
import { readFilter } from '../../../lambdas/stages/schema/select/filter.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'
import { entry } from './entries.ts'

function chosen(entries: readonly TocEntry[], include: readonly string[], exclude: readonly string[] = []): string[] {
  const left = selected(entries, readFilter(include, exclude, entries)).leftOut
  return entries.filter(({ id }) => !left.has(id)).map(({ kind, tag }) => `${kind} ${tag}`)
}

function reason(entries: readonly TocEntry[], include: readonly string[], exclude: readonly string[], tag: string) {
  const left = selected(entries, readFilter(include, exclude, entries)).leftOut
  return left.get(entries.find((each) => each.tag === tag)?.id ?? 0)
}

const shop: readonly TocEntry[] = [
  entry(1, 'SCHEMA', 'shop', { schema: null }),
  entry(2, 'SCHEMA', 'legacy', { schema: null }),
  entry(3, 'EXTENSION', 'hstore', { schema: null }),
  entry(4, 'TYPE', 'state', { schema: 'shop', dependencies: [1] }),
  entry(5, 'FUNCTION', 'net(numeric)', { schema: 'shop', dependencies: [1] }),
  entry(6, 'ACL', 'FUNCTION net(numeric)', { schema: 'shop', dependencies: [5] }),
  entry(7, 'TABLE', 'orders', { schema: 'shop', dependencies: [1, 4] }),
  entry(8, 'SEQUENCE', 'orders_id_seq', { schema: 'shop', dependencies: [1, 7] }),
  entry(9, 'SEQUENCE OWNED BY', 'orders_id_seq', { schema: 'shop', dependencies: [8] }),
  entry(10, 'DEFAULT', 'orders id', { schema: 'shop', dependencies: [7, 8] }),
  entry(11, 'TABLE', 'users', { schema: 'shop', dependencies: [1] }),
  entry(12, 'TABLE', 'tmp_load', { schema: 'shop', dependencies: [1] }),
  entry(13, 'VIEW', 'open', { schema: 'shop', dependencies: [1, 7] }),
  entry(14, 'VIEW', 'loading', { schema: 'shop', dependencies: [1, 12] }),
  entry(15, 'TABLE', 'measured', { schema: 'shop', dependencies: [1], relationKind: 'p' }),
  entry(16, 'TABLE', 'part_a', { schema: 'shop', dependencies: [1, 15] }),
  entry(17, 'TABLE ATTACH', 'part_a', { schema: 'shop', dependencies: [16, 15] }),
  entry(18, 'TABLE', 'old', { schema: 'legacy', dependencies: [2] }),
  entry(19, 'FUNCTION', 'old()', { schema: 'legacy', dependencies: [2] }),
  entry(30, 'CONSTRAINT', 'users users_pkey', { schema: 'shop', dependencies: [11] }),
  entry(31, 'INDEX', 'orders_net', { schema: 'shop', dependencies: [7, 5] }),
  entry(32, 'FK CONSTRAINT', 'orders orders_user_fkey', { schema: 'shop', dependencies: [7, 11, 30] }),
  entry(33, 'COMMENT', 'TABLE orders', { schema: 'shop', dependencies: [7] }),
  entry(34, 'PUBLICATION', 'all', { schema: null }),
]

describe('what the patterns of a task choose', () => {
  test('by default everything', () => {
    expect(chosen(shop, ['*.*'])).toHaveLength(shop.length)
  })

  test('one table brings what it needs and what belongs to it, and nothing else', () => {
    expect(chosen(shop, ['shop.orders'])).toEqual([
      'SCHEMA shop',
      'EXTENSION hstore',
      'TYPE state',
      'FUNCTION net(numeric)',
      'ACL FUNCTION net(numeric)',
      'TABLE orders',
      'SEQUENCE orders_id_seq',
      'SEQUENCE OWNED BY orders_id_seq',
      'DEFAULT orders id',
      'INDEX orders_net',
      'COMMENT TABLE orders',
    ])
  })

  test('a foreign key comes only with both of its tables, and says so otherwise', () => {
    expect(reason(shop, ['shop.orders'], [], 'orders orders_user_fkey')).toBe(
      'it refers to table shop.users, which is not selected',
    )
    expect(chosen(shop, ['shop.orders', 'shop.users'])).toContain('FK CONSTRAINT orders orders_user_fkey')
  })

  test('a partitioned table brings its partitions, and a partition the table above it', () => {
    expect(chosen(shop, ['shop.measured'])).toContain('TABLE ATTACH part_a')
    expect(chosen(shop, ['shop.part_a'])).toEqual(expect.arrayContaining(['TABLE measured', 'TABLE ATTACH part_a']))
    expect(chosen(shop, ['shop.measured'], ['shop.part_*'])).not.toContain('TABLE part_a')
  })

  test('a whole schema brings its functions; what is excluded takes along what needs it', () => {
    const names = chosen(shop, ['*.*'], ['*.tmp_*', 'legacy.*'])
    expect(names).not.toContain('TABLE tmp_load')
    expect(names).not.toContain('VIEW loading')
    expect(names).not.toContain('FUNCTION old()')
    expect(names).toContain('VIEW open')
    expect(reason(shop, ['*.*'], ['*.tmp_*'], 'loading')).toBe('it needs table shop.tmp_load, which is excluded')
  })

  test('every pattern that matches nothing is an error, all named at once', () => {
    expect(() => readFilter(['shop.*', 'shop.ordres'], ['nowhere.*'], shop)).toThrow(
      expect.objectContaining({
        code: 'FILTER_MATCHES_NOTHING',
        message: expect.stringContaining('shop.ordres, nowhere.*'),
      }),
    )
  })

  test('a pattern whose every match is excluded again is an error', () => {
    for (const [include, exclude] of [
      [['shop.tmp_load', 'shop.*'], ['shop.tmp_*']],
      [['*.*'], ['*.*']],
    ] as const) {
      expect(() => readFilter(include, exclude, shop)).toThrow(
        expect.objectContaining({ message: `all that ${include[0]} of "include" names is excluded again` }),
      )
    }
  })
})

describe('whatever the archive and the patterns', () => {
  const kinds = ['TABLE', 'VIEW', 'FUNCTION', 'TYPE', 'INDEX', 'FK CONSTRAINT', 'COMMENT', 'DEFAULT', 'TRIGGER']
  const anyArchive = fc
    .array(
      fc.record({
        kind: fc.constantFrom(...kinds),
        needs: fc.array(fc.nat(30), { maxLength: 3 }),
        name: fc.constantFrom('a', 'b', 'c'),
      }),
      {
        minLength: 1,
        maxLength: 30,
      },
    )
    .map((specs) =>
      specs.map(({ kind, needs, name }, index) =>
        entry(index + 1, kind, `${name}${index}`, {
          schema: 's',
          // Only what comes before: archives are in topological order.
          dependencies: [...new Set(needs.map((need) => need % (index + 1)).filter((id) => id > 0))],
        }),
      ),
    )
  const patterns = fc.subarray(['s.*', 's.a*', 's.b*', '*.*', 's.c*'], { minLength: 1 })
  const select = (entries: readonly TocEntry[], include: readonly string[], exclude: readonly string[]) => {
    const known = entries.concat(
      ...['a', 'b', 'c'].map((name, index) => entry(1000 + index, 'TABLE', `${name}x`, { schema: 's' })),
    )
    return selected(known, readFilter(include, exclude, known)).leftOut
  }
  /** What is included and all excluded again is refused, by a test of its own. */
  const contradict = (include: readonly string[], exclude: readonly string[]) =>
    include.some((pattern) => exclude.includes(pattern))

  test('the chosen need nothing that is left out', () => {
    fc.assert(
      fc.property(anyArchive, patterns, fc.subarray(['s.a*', 's.b*']), (entries, include, exclude) => {
        fc.pre(!contradict(include, exclude))
        const left = select(entries, include, exclude)
        for (const each of entries) {
          if (!left.has(each.id)) expect(each.dependencies.filter((id) => left.has(id))).toEqual([])
        }
      }),
    )
  })

  test('an excluded table is never chosen, and everything left out has a reason', () => {
    fc.assert(
      fc.property(anyArchive, patterns, (entries, include) => {
        fc.pre(!contradict(include, ['s.a*']))
        const left = select(entries, include, ['s.a*'])
        for (const each of entries) {
          if (each.kind === 'TABLE' && each.tag.startsWith('a')) expect(left.get(each.id)).toBe('the task excludes it')
        }
        expect([...left.values()].every((text) => text.length > 0)).toBe(true)
      }),
    )
  })

  test('with *.* and no exclusion nothing is left out', () => {
    fc.assert(
      fc.property(anyArchive, (entries) => {
        expect(select(entries, ['*.*'], []).size).toBe(0)
      }),
    )
  })
})
