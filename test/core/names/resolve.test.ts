import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NameCatalogue, NamedRelation } from '../../../lambdas/core/names/catalogue.ts'
import { resolveNames } from '../../../lambdas/core/names/resolve.ts'
import { inCase, parseNewName } from '../../../lambdas/core/task/names.ts'
import { nameWishes } from '../../../lambdas/core/task/table-options.ts'

function table(oid: number, schema: string, name: string, fields: Partial<NamedRelation> = {}): NamedRelation {
  return {
    ...{ oid, schema, name, kind: 'r', typed: false, member: false, owner: 0 },
    ...{ columns: ['a', 'b'], inherited: [], parents: [], held: false },
    ...fields,
  }
}

function catalogue(relations: readonly NamedRelation[], more: Partial<NameCatalogue> = {}): NameCatalogue {
  const schemas = [...new Set(['public', ...relations.map(({ schema }) => schema)])]
  return { relations, types: [], schemas: schemas.map((name) => ({ name, extensions: [] })), ...more }
}

function resolve(wishes: Parameters<typeof nameWishes>[0], known: NameCatalogue) {
  const wanted = nameWishes(wishes)
  if (wanted === null) throw new Error('nothing is wanted')
  return resolveNames(wanted, known, () => true)
}

const codes = (wishes: Parameters<typeof nameWishes>[0], known: NameCatalogue) =>
  resolve(wishes, known).problems.map(({ code, text }) => `${code}: ${text}`)

describe('what keeps a name from being given', () => {
  const known = catalogue(
    [
      table(1, 'public', 'orders'),
      table(2, 'public', 'lines'),
      table(3, 'public', 'orders_pkey', { kind: 'i', owner: 1, columns: [] }),
      table(4, 'public', 'id_seq', { kind: 'S', owner: 1, columns: [] }),
      table(5, 'public', 'left'),
      table(6, 'public', 'right'),
      table(7, 'public', 'both', { inherited: ['a', 'b'], parents: [5, 6] }),
      table(8, 'public', 'typed', { typed: true }),
      table(9, 'ext', 'inside'),
    ],
    {
      types: [{ schema: 'public', name: 'mood' }],
      schemas: [
        { name: 'public', extensions: [] },
        { name: 'ext', extensions: ['postgis'] },
      ],
    },
  )

  test.each([
    [
      { 'public.order': { as: 'x' } },
      'NAME_UNKNOWN: "public.order" of "tables" names nothing that is migrated; there is public.orders',
    ],
    [{ 'public.orders': { columns: { aa: { as: 'x' } } } }, 'NAME_UNKNOWN: "aa" of "public.orders" is no column there'],
    [
      { 'public.orders': { as: 'lines' } },
      'NAME_TAKEN: table public.orders and table public.lines would both be public.lines',
    ],
    [
      { 'public.lines': { as: 'orders_pkey' } },
      'NAME_TAKEN: table public.lines and index public.orders_pkey would both be public.orders_pkey',
    ],
    [
      { 'public.lines': { as: 'id_seq' } },
      'NAME_TAKEN: table public.lines and sequence public.id_seq would both be public.id_seq',
    ],
    [
      { 'public.lines': { as: 'mood' } },
      'NAME_TAKEN: table public.lines and type public.mood would both be public.mood',
    ],
    [
      { 'public.orders': { columns: { a: { as: 'b' } } } },
      'NAME_TAKEN: the columns a and b of public.orders would both be b',
    ],
    [
      { 'public.orders': { columns: { a: { as: 'ctid' } } } },
      'NAME_RESERVED: the column a of public.orders cannot be ctid, which is a column of the server’s own',
    ],
    [
      { 'public.orders': { as: 'pg_x.orders' } },
      'NAME_RESERVED: the schema pg_x would have a name of the server’s own, or of Sampan’s ledger',
    ],
    [
      { 'public.left': { columns: { a: { as: 'c' } } } },
      'NAME_INHERITED: the column a of public.both comes from public.left and public.right: the server renames it at neither of them',
    ],
    [
      { 'public.left': { columns: { a: { exclude: true } } } },
      'COLUMN_NOT_EXCLUDABLE: the column a of public.both cannot stay behind: it is inherited from public.right, where it can be excluded',
    ],
    [
      { 'public.right': { columns: { a: { exclude: true } } } },
      'COLUMN_NOT_EXCLUDABLE: the column a of public.both cannot stay behind: it is inherited from public.left, where it can be excluded',
    ],
    [
      { 'public.typed': { columns: { a: { as: 'c' } } } },
      'NAME_OF_TYPE: the column a of public.typed is an attribute of the type that the table is of',
    ],
    [
      { 'public.*': { as: 'all' } },
      'NAME_AMBIGUOUS: "public.*" of "tables" names 7 (public.orders, public.lines …), and one name is for one of them',
    ],
    [
      { 'public.id_seq': { as: 'other.s' } },
      'NAME_AMBIGUOUS: the sequence public.id_seq belongs to a table, and goes into its table’s schema public',
    ],
  ] as const)('%j', (tables, problem) => {
    expect(codes({ tables }, known)).toContain(problem)
  })

  test.each([
    [{ pubic: 'x' }, 'NAME_UNKNOWN: "pubic" of "names.schemas" is no schema of the source; there is public'],
    [
      { public: 'pg_x' },
      'NAME_RESERVED: the schema public cannot be pg_x: the name is the server’s own, or of Sampan’s ledger',
    ],
    [{ ext: 'x' }, 'NAME_OF_EXTENSION: the schema ext cannot be x: the extension postgis lies in it'],
    [{ public: 'ext' }, 'NAME_TAKEN: the schemas ext and public would both be ext'],
  ] as const)('schemas %j', (schemas, problem) => {
    expect(codes({ names: { case: 'source', schemas } }, known)).toContain(problem)
  })

  test('a case policy that brings two names together is told, and a name of its own goes before it', () => {
    const two = catalogue([table(1, 'public', 'A'), table(2, 'public', 'a')])
    expect(codes({ names: { case: 'lower' } }, two)).toEqual([
      'NAME_TAKEN: table public.A and table public.a would both be public.a',
    ])
    expect(codes({ names: { case: 'lower' }, tables: { 'public.A': { as: 'A' } } }, two)).toEqual([])
  })

  test('what is not migrated is neither renamed nor in the way', () => {
    const two = catalogue([table(1, 'public', 'A'), table(2, 'public', 'a')])
    const wishes = nameWishes({ names: { case: 'lower' } })
    if (wishes === null) throw new Error('nothing is wanted')
    const renames = resolveNames(wishes, two, ({ oid }) => oid === 1)
    expect([...renames.relations.keys()]).toEqual([1])
    expect(renames.problems).toEqual([])
  })

  test('children and partitions take the names of what they inherit from', () => {
    const tree = catalogue([
      table(1, 'public', 'parent'),
      table(2, 'public', 'child', { columns: ['a', 'b', 'own'], inherited: ['a', 'b'], parents: [1] }),
      table(3, 'public', 'grandchild', { columns: ['a', 'b', 'own'], inherited: ['a', 'b', 'own'], parents: [2] }),
    ])
    const tables = {
      'public.parent': { columns: { a: { as: 'x' } } },
      'public.child': { columns: { own: { as: 'mine' } } },
    }
    const { relations, problems } = resolve({ tables }, tree)
    expect(problems).toEqual([])
    expect([...relations.values()].map(({ from, columns, own }) => [from.name, [...columns], own])).toEqual([
      ['parent', [['a', 'x']], ['a']],
      [
        'child',
        [
          ['a', 'x'],
          ['own', 'mine'],
        ],
        ['own'],
      ],
      [
        'grandchild',
        [
          ['a', 'x'],
          ['own', 'mine'],
        ],
        [],
      ],
    ])
    expect(codes({ tables: { 'public.child': { columns: { a: { as: 'x' } } } } }, tree)).toEqual([
      'NAME_INHERITED: the column a of public.child is inherited: it is called as that of public.parent, where it can be renamed',
    ])
  })
})

test('no name is longer in bytes than PostgreSQL keeps, whatever its letters', () => {
  expect(parseNewName('ä'.repeat(31))).toEqual({ schema: null, name: 'ä'.repeat(31) })
  expect(parseNewName('ä'.repeat(32))).toBeNull()
  expect(parseNewName(`"a.b"."${'x'.repeat(64)}"`)).toBeNull()
  expect(parseNewName('"My.Schema"."T""x"')).toEqual({ schema: 'My.Schema', name: 'T"x' })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('lower', 'upper', 'dts'), (name, policy) => {
      const folded = inCase(name, policy, 'table')
      expect(Buffer.byteLength(folded)).toBe(Buffer.byteLength(name))
      expect(inCase(folded, policy, 'table')).toBe(folded)
    }),
  )
})
