import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Conversation } from '../../../lambdas/stages/schema/pgdump/conversation.ts'
import {
  joinBytes,
  MessageCutter,
  message,
  query,
  queryText,
  ReadyCounter,
  readyForQuery,
} from '../../../lambdas/stages/schema/pgdump/frames.ts'
import { chooseInterceptors, missedInterceptors } from '../../../lambdas/stages/schema/pgdump/interceptors.ts'

const anyMessage = fc
  .tuple(fc.constantFrom('D', 'T', 'C', 'Z', 'S', 'N', 'E'), fc.uint8Array({ maxLength: 40 }))
  .map(([type, body]) => message(type, body))

/** The same bytes, cut at any places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}

describe('the relay between pg_dump and the server', () => {
  test('finds the end of every answer however TCP cuts it', () => {
    fc.assert(
      fc.property(fc.array(anyMessage), fc.array(fc.nat()), (messages, places) => {
        const counter = new ReadyCounter()
        const counted = cutAt(joinBytes(messages), places).reduce((sum, part) => sum + counter.count(part), 0)
        expect(counted).toBe(messages.filter((each) => each[0] === 'Z'.charCodeAt(0)).length)
      }),
    )
  })

  test('cuts what libpq sends into whole messages', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.nat()), (texts, places) => {
        const cutter = new MessageCutter()
        const found: string[] = []
        for (const part of cutAt(joinBytes(texts.map(query)), places)) {
          cutter.push(part)
          for (let next = cutter.next(true); next !== null; next = cutter.next(true)) found.push(queryText(next))
        }
        expect(found).toEqual(texts)
      }),
    )
  })

  test('a ParameterStatus behind ReadyForQuery in one packet does not make it wait', () => {
    const answer = joinBytes([readyForQuery('I'), message('S', new TextEncoder().encode('TimeZone\0UTC\0'))])
    let received = 0
    const conversation = new Conversation(
      {
        send: () => {},
        receive: () => {
          received += 1
          if (received > 1) throw new Error('waits for an answer that never comes')
          return answer
        },
      },
      [],
      {},
      1,
    )
    conversation.write(startup())
    while (conversation.read(8192).length > 0);
    conversation.write(query('SELECT 1'))
    expect(conversation.read(8192)).toHaveLength(answer.length)
    expect(conversation.read(8192)).toHaveLength(0)
  })

  test('requests for TLS are declined inside, Terminate never reaches the server', () => {
    const sent: Uint8Array[] = []
    const conversation = new Conversation(
      { send: (bytes) => sent.push(bytes), receive: () => readyForQuery('I') },
      [],
      {},
      1,
    )
    conversation.write(new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]))
    expect(conversation.read(10)).toEqual(new TextEncoder().encode('N'))
    conversation.write(startup())
    expect(conversation.read(9).at(0)).toBe('R'.charCodeAt(0))
    conversation.write(message('X', new Uint8Array(0)))
    expect(sent).toEqual([])
  })

  test('an interceptor that is not hit as often as it must be is named', () => {
    const interceptors = chooseInterceptors({ skipTransaction: true })
    expect(missedInterceptors(interceptors, { skipBegin: 1, skipSetTransaction: 1, skipLocks: 7 })).toEqual([
      'stripColumnVersion (0)',
    ])
  })
})

function startup(): Uint8Array {
  return new Uint8Array([0, 0, 0, 9, 0, 3, 0, 0, 0])
}
