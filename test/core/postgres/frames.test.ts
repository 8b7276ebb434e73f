import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  COMMAND_COMPLETE,
  COPY_DATA,
  commandTag,
  ERROR_RESPONSE,
  errorFields,
  FrameReader,
  queryFrame,
  rowValues,
} from '../../../lambdas/core/postgres/wire/frames.ts'

interface Frame {
  readonly type: number
  readonly body: Uint8Array
}

function encode({ type, body }: Frame): Buffer {
  const header = Buffer.alloc(5)
  header[0] = type
  header.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

const frames = fc.array(
  fc.record({ type: fc.constantFrom(COPY_DATA, COMMAND_COMPLETE, 0x5a), body: fc.uint8Array({ maxLength: 40 }) }),
  { maxLength: 12 },
)

test('however the socket cuts the stream, the same payload and the same messages come out', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(encode))
      const payload: Buffer[] = []
      const messages: Frame[] = []
      let rows = 0
      const reader = new FrameReader({
        rowBegins: () => {
          rows += 1
        },
        copyData: (piece) => payload.push(Buffer.from(piece)),
        message: (type, body) => messages.push({ type, body: Buffer.from(body) }),
      })
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const size = cuts[turn % cuts.length] ?? 1
        // The socket reuses its buffer: what is not copied in time would be overwritten.
        const chunk = Buffer.from(stream.subarray(at, at + size))
        reader.push(chunk)
        chunk.fill(0xff)
        at += size
      }
      const expected = sent.filter((frame) => frame.type === COPY_DATA).map((frame) => frame.body)
      expect(rows).toBe(expected.length)
      expect(Buffer.concat(payload)).toEqual(Buffer.concat(expected))
      expect(messages).toEqual(
        sent.filter((frame) => frame.type !== COPY_DATA).map(({ type, body }) => ({ type, body: Buffer.from(body) })),
      )
    }),
  )
})

test('a query frame says its own length in bytes, not in characters', () => {
  const frame = queryFrame('SELECT ‘ö’')
  expect(frame.readInt32BE(1)).toBe(frame.length - 1)
  expect(frame.at(-1)).toBe(0)
})

test('tags, rows and errors are read as the server writes them', () => {
  expect(commandTag(Buffer.from('COPY 12\0'))).toBe('COPY 12')
  expect(rowValues(Buffer.from([0, 2, 0, 0, 0, 1, 0x37, 0xff, 0xff, 0xff, 0xff]))).toEqual(['7', null])
  expect(rowValues(Buffer.from([0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0x38]))).toEqual(['', '8'])
  expect(errorFields(Buffer.from('SERROR\0C42P01\0Mno such table\0RparserOpenTable\0\0'))).toEqual({
    code: '42P01',
    message: 'no such table',
    routine: 'parserOpenTable',
  })
  expect(ERROR_RESPONSE).toBe('E'.charCodeAt(0))
})
