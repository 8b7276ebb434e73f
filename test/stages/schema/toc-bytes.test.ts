import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArchiveBytes } from '../../../lambdas/stages/schema/toc/bytes.ts'
import { readArchive } from '../../../lambdas/stages/schema/toc/read.ts'

/** The writer's side of pg_dump's archive primitives, as small as can be. */
function writeInt(value: number, size = 4): number[] {
  const magnitude = Math.abs(value)
  return [
    value < 0 ? 1 : 0,
    ...Array.from({ length: size }, (_, place) => Math.floor(magnitude / 2 ** (8 * place)) % 256),
  ]
}

function writeString(text: string | null): number[] {
  if (text === null) return writeInt(-1)
  const bytes = new TextEncoder().encode(text)
  return [...writeInt(bytes.length), ...bytes]
}

interface Written {
  readonly id: number
  readonly oid: number
  readonly tag: string
  readonly sql: string
  readonly schema: string | null
  readonly dependencies: readonly number[]
}

function writeArchive(minor: 14 | 15 | 16, entries: readonly Written[]): Uint8Array {
  const head = [...new TextEncoder().encode('PGDMP'), 1, minor, 0, 4, 8, 1]
  const compression = minor >= 15 ? [0] : writeInt(0)
  const date = Array.from({ length: 7 }, () => writeInt(1)).flat()
  const names = ['db', '9.4.26', '18.3'].flatMap(writeString)
  const body = entries.flatMap((entry) => [
    ...writeInt(entry.id),
    ...writeInt(0),
    ...writeString('1259'),
    ...writeString(String(entry.oid)),
    ...writeString(entry.tag),
    ...writeString('TABLE'),
    ...writeInt(2),
    ...writeString(entry.sql),
    ...writeString(''),
    ...writeString(null),
    ...writeString(entry.schema),
    ...writeString(null),
    ...writeString('heap'),
    ...(minor >= 16 ? writeInt('r'.charCodeAt(0)) : []),
    ...writeString('owner'),
    ...writeString('false'),
    ...entry.dependencies.flatMap((id) => writeString(String(id))),
    ...writeString(null),
    ...[3, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
  return new Uint8Array([...head, ...compression, ...date, ...names, ...writeInt(entries.length), ...body])
}

const anyText = fc.string({ unit: 'grapheme' })
const anyEntry = fc.record({
  id: fc.nat(2 ** 31 - 1),
  oid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  tag: anyText,
  sql: anyText,
  schema: fc.option(anyText.filter((text) => text !== '')),
  dependencies: fc.array(fc.nat(2 ** 31 - 1), { maxLength: 5 }),
})

describe('the reader of pg_dump’s archives', () => {
  test('reads every int that pg_dump can write', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), (value) => {
        expect(new ArchiveBytes(new Uint8Array(writeInt(value))).int()).toBe(value)
      }),
    )
  })

  test('bytes that are no UTF-8 stay apart from each other and from every text', () => {
    const read = (...bytes: number[]) =>
      new ArchiveBytes(new Uint8Array([...writeInt(bytes.length), ...bytes])).string()
    const odd = [read(0x61, 0xe9), read(0x61, 0xea), read(0x61, 0xc3, 0xa9, 0xff)]
    expect(new Set([...odd, 'a\uFFFD']).size).toBe(4)
    expect(odd.map((text) => text?.isWellFormed())).toEqual([false, false, false])
    expect(read(0xef, 0xbb, 0xbf, 0x61)).toBe('\uFEFFa')
  })

  test('reads every text, and tells an empty one from none', () => {
    fc.assert(
      fc.property(fc.option(anyText), (text) => {
        expect(new ArchiveBytes(new Uint8Array(writeString(text))).string()).toBe(text)
      }),
    )
  })

  test.each([14, 15, 16] as const)('reads archives of version 1.%d', (minor) => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 5 }), (entries) => {
        const archive = readArchive(writeArchive(minor, entries))
        expect(archive).toMatchObject({ version: `1.${minor}`, database: 'db', serverVersion: '9.4.26', entries })
        expect(archive.entries.every((entry) => entry.relationKind === (minor === 16 ? 'r' : null))).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('refuses an archive that is cut off anywhere', () => {
    const whole = writeArchive(16, [{ id: 1, oid: 2, tag: 't', sql: 'x', schema: 's', dependencies: [3] }])
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => readArchive(whole.subarray(0, length))).toThrow(
          expect.objectContaining({ code: 'ARCHIVE_UNREADABLE' }),
        )
      }),
    )
  })

  test('refuses versions it does not know, and files that are no archive', () => {
    const newer = writeArchive(16, [])
    newer[6] = 17
    expect(() => readArchive(newer)).toThrow(/1\.17, and 1\.14 to 1\.16 are known/)
    expect(() => readArchive(new TextEncoder().encode('CREATE TABLE t ();'))).toThrow(/no custom-format archive/)
  })
})
