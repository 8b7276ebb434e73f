import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lsnText, parseLsn } from '../../../lambdas/core/stream/lsn.ts'
import { type Message, type Row, readMessage, type Value } from '../../../lambdas/core/stream/pgoutput.ts'

/** The messages as the manual has them, field by field ("Logical Replication Message Formats"). */
const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
const letter = (text: string) => Buffer.from(text, 'latin1')
const name = (text: string) => Buffer.from(`${text}\0`)
const text = (value: string) => Buffer.concat([letter('t'), int32(Buffer.byteLength(value)), Buffer.from(value)])
const value = (one: Value) => (one === undefined ? letter('u') : one === null ? letter('n') : text(one))
const tuple = (row: Row) => Buffer.concat([int16(row.length), ...row.map(value)])
const message = (...parts: Buffer[]) => Buffer.concat(parts)

/** Any message that says something, and its bytes. */
type Written = readonly [Message, Buffer]

const oid = fc.integer({ min: 0, max: 0xffffffff })
const lsn = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn })
const row = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null)), { maxLength: 5 })
/** Only a new row has values that are left in TOAST. */
const newRow = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(null), fc.constant(undefined)), {
  maxLength: 5,
})
const identifier = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((one) => !one.includes('\0'))
const column = fc.record({
  name: identifier,
  type: oid,
  modifier: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  inIdentity: fc.boolean(),
})

const anyMessage: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(lsn, oid).map(([end, xid]): Written => {
    return [{ kind: 'begin' }, message(letter('B'), int64(end), int64(0n), int32(xid))]
  }),
  fc.tuple(lsn, lsn).map(([at, end]): Written => {
    return [{ kind: 'commit', end }, message(letter('C'), letter('\0'), int64(at), int64(end), int64(0n))]
  }),
  fc
    .record({ oid, schema: identifier, name: identifier, identity: fc.constantFrom('d', 'n', 'f', 'i') })
    .chain((relation) => fc.array(column, { maxLength: 4 }).map((columns) => ({ ...relation, columns })))
    .map((relation): Written => {
      const columns = relation.columns.map((one) =>
        message(letter(one.inIdentity ? '\x01' : '\0'), name(one.name), int32(one.type), int32(one.modifier)),
      )
      const head = [letter('R'), int32(relation.oid), name(relation.schema), name(relation.name)]
      return [
        { kind: 'relation', ...relation },
        message(...head, letter(relation.identity), int16(columns.length), ...columns),
      ]
    }),
  fc.tuple(oid, row).map(([of, one]): Written => {
    return [{ kind: 'insert', oid: of, row: one }, message(letter('I'), int32(of), letter('N'), tuple(one))]
  }),
  fc.tuple(oid, fc.option(fc.tuple(fc.constantFrom('K', 'O'), row)), newRow).map(([of, old, one]): Written => {
    const before = old === null ? [] : [letter(old[0]), tuple(old[1])]
    return [
      { kind: 'update', oid: of, old: old?.[1] ?? null, row: one },
      message(letter('U'), int32(of), ...before, letter('N'), tuple(one)),
    ]
  }),
  fc.tuple(oid, fc.constantFrom('K', 'O'), row).map(([of, form, old]): Written => {
    return [{ kind: 'delete', oid: of, old }, message(letter('D'), int32(of), letter(form), tuple(old))]
  }),
  fc
    .tuple(fc.array(oid, { maxLength: 5 }), fc.constantFrom('\0', '\x01', '\x02', '\x03'))
    .map(([oids, how]): Written => {
      return [{ kind: 'truncate', oids }, message(letter('T'), int32(oids.length), letter(how), ...oids.map(int32))]
    }),
  fc.constantFrom('Y', 'O', 'M').map((type): Written => [{ kind: 'nothing' }, message(letter(type), int32(7))]),
)

const refused = expect.objectContaining({ code: 'FOLLOW_STREAM_UNREADABLE' })

describe('a message of pgoutput', () => {
  test('is read as it was written, NULL, an empty text and unchanged TOAST apart', () => {
    fc.assert(
      fc.property(anyMessage, ([expected, bytes]) => {
        expect(readMessage(bytes)).toEqual(expected)
      }),
    )
  })

  test('of the server’s own catalogue comes without its schema', () => {
    const bytes = message(letter('R'), int32(1259), name(''), name('pg_class'), letter('n'), int16(0))
    expect(readMessage(bytes)).toMatchObject({ schema: 'pg_catalog', name: 'pg_class' })
  })

  test('may have the character that stands for what cannot be read', () => {
    const bytes = message(letter('I'), int32(7), letter('N'), tuple(['a\uFFFD']))
    expect(readMessage(bytes)).toMatchObject({ row: ['a\uFFFD'] })
  })

  test('that is cut off anywhere is refused', () => {
    // Of these, what is behind the last field that is read may be missing.
    const whole = anyMessage.filter(([{ kind }]) => !['begin', 'commit', 'nothing'].includes(kind))
    fc.assert(
      fc.property(whole, fc.nat(), ([, bytes], at) => {
        expect(() => readMessage(bytes.subarray(0, at % bytes.length))).toThrow(refused)
      }),
    )
  })

  test.each([
    ['of a kind that the protocol does not have', letter('Z')],
    ['with an old row where the new one should be', message(letter('I'), int32(7), letter('K'), tuple([]))],
    ['with a new row where the old one should be', message(letter('D'), int32(7), letter('N'), tuple([]))],
    [
      'with a value in binary form, which was not asked for',
      message(letter('I'), int32(7), letter('N'), int16(1), letter('b'), int32(0)),
    ],
    [
      'with a value that is no UTF-8',
      message(letter('I'), int32(7), letter('N'), int16(1), letter('t'), int32(2), Buffer.from([0x61, 0xe9])),
    ],
    [
      'with a value of less than nothing',
      message(letter('I'), int32(7), letter('N'), int16(1), letter('t'), int32(-1)),
    ],
  ])('%s is refused', (_, bytes) => {
    expect(() => readMessage(bytes)).toThrow(refused)
  })
})

describe('a position in the WAL', () => {
  test('goes beyond what a number of JavaScript holds, and is read as it is written', () => {
    fc.assert(
      fc.property(lsn, (position) => {
        expect(parseLsn(lsnText(position))).toBe(position)
      }),
    )
    expect(lsnText(parseLsn('16/B374D848'))).toBe('16/B374D848')
  })

  test.each(['', '0', '16/', '/1', '16/B374D848/0', '123456789/0', 'x/1'])('%j is none', (position) => {
    expect(() => parseLsn(position)).toThrow(RangeError)
  })
})
