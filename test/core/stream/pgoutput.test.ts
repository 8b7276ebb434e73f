import { expect, test } from 'vitest'
import { lsnText, parseLsn } from '../../../lambdas/core/stream/lsn.ts'
import { readMessage } from '../../../lambdas/core/stream/pgoutput.ts'

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const text = (value: string) => Buffer.concat([Buffer.from('t'), int32(Buffer.byteLength(value)), Buffer.from(value)])
const update = Buffer.concat([
  ...[Buffer.from('U'), int32(7), Buffer.from('K'), int16(3), text('é'), Buffer.from('n'), Buffer.from('n')],
  ...[Buffer.from('N'), int16(3), text(''), Buffer.from('u'), Buffer.from('n')],
])

test('an update has its old key, and tells NULL, an empty text and unchanged TOAST apart', () => {
  expect(readMessage(update)).toEqual({ kind: 'update', oid: 7, old: ['é', null, null], row: ['', undefined, null] })
})

test('a message that is cut off anywhere is refused', () => {
  for (let length = 0; length < update.length; length += 1) {
    expect(() => readMessage(update.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'FOLLOW_STREAM_UNREADABLE' }),
    )
  }
})

test('positions go beyond what a number of JavaScript holds', () => {
  for (const position of ['0/0', 'FFFFFFFF/FFFFFFFE', '16/B374D848']) expect(lsnText(parseLsn(position))).toBe(position)
})
