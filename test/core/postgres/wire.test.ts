import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConnectOptions, connect, type Session } from '../../../lambdas/core/postgres/connect.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import { RawSession } from '../../../lambdas/stages/copy/stream/raw-session.ts'
import {
  type Answer,
  announced,
  answerOf,
  falseServer,
  greeting,
  int16,
  int32,
  message,
} from '../../support/false-server.ts'

const PASSWORD = 'correct horse, battery & "staple"'

async function connectTo(port: number, options: Partial<ConnectOptions> = {}): Promise<Session> {
  return connect({
    side: 'source',
    host: '127.0.0.1',
    port,
    user: 'u',
    password: PASSWORD,
    database: 'd',
    tls: false,
    applicationName: 'test',
    timeoutMilliseconds: 1_000,
    ...options,
  })
}

/** What the product made of it; anything but a SampanError fails the test. */
async function errorOf(doing: Promise<unknown>): Promise<SampanError> {
  const thrown = await doing.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof SampanError)) throw thrown
  expect(`${thrown.message} ${thrown.remedy}`).not.toContain(PASSWORD)
  return thrown
}

/** Lets in, takes the settings, and then answers every question as told. */
const session =
  (answer: Answer): Answer =>
  (said, turn, socket) => {
    if (turn === 0) return greeting
    return turn === 1 ? Buffer.concat([message('C', 'SET\0'), message('Z', 'I')]) : answer(said, turn, socket)
  }

/** Each of them is an error within its time, and none ends the process or waits for what is announced. */
const broken: Readonly<Record<string, Buffer>> = {
  'the text of a web server': Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n'),
  'a negative length': announced('D', -1),
  'a length below its own': announced('Z', 3),
  'two gigabytes announced': announced('D', 0x7fffffff),
  'two gigabytes of an error announced': announced('E', 0x7ffffffe),
  'more columns than are in the row': message('D', int16(0x7fff), int32(1), 'x'),
  'a value beyond its row': message('D', int16(1), int32(1_000_000), 'x'),
  'a negative value': message('D', int16(1), int32(-2)),
  'more columns than are described': message('T', int16(0x7fff), 'a\0', Buffer.alloc(18)),
  'an error without its end': message('E', 'SFATAL\0', 'Mx'),
  'an empty error': message('E'),
  'a tag without its end': message('C', 'SELECT 1'),
  'a state that does not exist': message('Z', 'X'),
  'an unknown type': message('W', int16(0)),
  'bytes of zero': Buffer.alloc(64),
  'a login in the middle': message('R', int32(3)),
}

describe('what is no protocol', () => {
  test.each(Object.entries(broken))('at the login: %s', async (_, bytes) => {
    const port = await falseServer(() => bytes)
    const error = await errorOf(connectTo(port))
    expect(error.code).toMatch(/^SRC_(PROTOCOL_VIOLATED|PASSWORD_IN_CLEAR)$/)
    expect(error.retryable).toBe(false)
  })

  test.each(Object.entries(broken))('in answer to a question: %s', async (_, bytes) => {
    const opened = await connectTo(await falseServer(session(() => bytes)))
    expect(await errorOf(opened.rows('SELECT 1'))).toMatchObject({ code: 'SRC_PROTOCOL_VIOLATED' })
    await opened.close()
  })

  test.each(Object.entries(broken))('in the stream of a COPY: %s', async (name, bytes) => {
    const opened = await connectTo(await falseServer(session(() => Buffer.concat([message('d', '1\n'), bytes]))))
    const raw = new RawSession(opened)
    const asked = raw.query('COPY t TO STDOUT', { row: () => {}, data: () => {}, done: () => {} })
    // What the driver would be asked is nothing to a COPY: the server's next word counts.
    if (name === 'a login in the middle') opened.destroy()
    const error = await errorOf(asked)
    expect(error.code).toMatch(/^SRC_(PROTOCOL_VIOLATED|CONNECTION_LOST)$/)
    opened.destroy()
  })

  test('behind the request for TLS', async () => {
    for (const bytes of ['HTTP/1.1 400 Bad Request\r\n', 'S\0\0', 'X', 'N1']) {
      const port = await falseServer(() => Buffer.from(bytes))
      expect(await errorOf(connectTo(port, { tls: {} }))).toMatchObject({ code: 'SRC_TLS_HANDSHAKE' })
    }
    const garbage = await falseServer((_, turn) => (turn === 0 ? Buffer.from('S') : Buffer.from('no handshake at all')))
    expect((await errorOf(connectTo(garbage, { tls: {} }))).code).toMatch(/^SRC_TLS_(HANDSHAKE|TIMED_OUT)$/)
  })

  test('one message of any number of pieces is one message', async () => {
    const row = 'x'.repeat(300)
    const opened = await connectTo(
      await falseServer(
        session((_, __, socket) => {
          for (const byte of answerOf(row)) socket.write(Buffer.of(byte))
          return null
        }),
      ),
    )
    expect(await opened.rows('SELECT 1')).toEqual([{ a: row }])
    await opened.close()
  })
})

describe('a server that does not go on', () => {
  test('is told by the rung it stops at', async () => {
    const silent = await falseServer(() => null)
    const soon = { timeoutMilliseconds: 200 }
    expect(await errorOf(connectTo(silent, soon))).toMatchObject({ code: 'SRC_LOGIN_TIMED_OUT', rung: 'login' })
    expect(await errorOf(connectTo(silent, { ...soon, tls: {} }))).toMatchObject({
      code: 'SRC_TLS_TIMED_OUT',
      rung: 'tls',
    })
    const agreed = await falseServer((_, turn) => (turn === 0 ? Buffer.from('S') : null))
    expect(await errorOf(connectTo(agreed, { ...soon, tls: {} }))).toMatchObject({ code: 'SRC_TLS_TIMED_OUT' })
    const halfway = await falseServer(() => message('R', int32(0)))
    expect(await errorOf(connectTo(halfway, soon))).toMatchObject({ code: 'SRC_LOGIN_TIMED_OUT' })
  })

  test('or whose login has no end', async () => {
    const notices = Buffer.concat(Array.from({ length: 1_001 }, () => message('N', 'SNOTICE\0', 'Mx\0', '\0')))
    expect(await errorOf(connectTo(await falseServer(() => notices)))).toMatchObject({ code: 'SRC_PROTOCOL_VIOLATED' })
    const asks = await falseServer(() => message('R', int32(5), 'salt'))
    expect(await errorOf(connectTo(asks))).toMatchObject({ code: 'SRC_PROTOCOL_VIOLATED' })
  })
})

describe('the password', () => {
  /** All that a client said behind its startup packet. */
  async function heard(question: Buffer, options: Partial<ConnectOptions> = {}) {
    const words: Buffer[] = []
    const port = await falseServer((said, turn) => {
      if (turn === 0) return question
      words.push(Buffer.from(said))
      return null
    })
    return {
      error: await errorOf(connectTo(port, { timeoutMilliseconds: 300, ...options })),
      said: Buffer.concat(words),
    }
  }

  test('is given in clear to nobody who has not proved who he is', async () => {
    const { error, said } = await heard(message('R', int32(3)))
    expect(error).toMatchObject({ code: 'SRC_PASSWORD_IN_CLEAR', retryable: false })
    expect(said).toHaveLength(0)
  })

  test.each([2, 6, 7, 9, 99])('is not asked by method %i', async (method) => {
    const { error, said } = await heard(message('R', int32(method)))
    expect(error).toMatchObject({ code: 'SRC_LOGIN_METHOD_UNSUPPORTED' })
    expect(said).toHaveLength(0)
  })

  test('nor by another SASL mechanism', async () => {
    const { error } = await heard(message('R', int32(10), 'PLAIN\0', '\0'))
    expect(error).toMatchObject({ code: 'SRC_LOGIN_METHOD_UNSUPPORTED' })
  })

  const mechanisms = message('R', int32(10), 'SCRAM-SHA-256\0', '\0')
  const first = (said: Buffer, iterations: number) =>
    message('R', int32(11), `r=${/r=(.*)$/s.exec(said.toString())?.[1]}more,s=c2FsdA==,i=${iterations}`)

  test('is not hashed two billion times', async () => {
    const port = await falseServer((said, turn) => (turn === 0 ? mechanisms : first(said, 2_000_000_000)))
    expect(await errorOf(connectTo(port))).toMatchObject({ code: 'SRC_LOGIN_ITERATIONS' })
  })

  test('must be known to the server too', async () => {
    const skipped = await falseServer((said, turn) => {
      if (turn === 0) return mechanisms
      return turn === 1 ? first(said, 4096) : greeting
    })
    expect(await errorOf(connectTo(skipped))).toMatchObject({ code: 'SRC_LOGIN_UNPROVEN' })
    const at = await falseServer((_, turn) => (turn === 0 ? mechanisms : greeting))
    expect(await errorOf(connectTo(at))).toMatchObject({ code: 'SRC_LOGIN_UNPROVEN' })
    const wrong = await falseServer((said, turn) => {
      if (turn === 0) return mechanisms
      return turn === 1 ? first(said, 4096) : Buffer.concat([message('R', int32(12), `v=${'A'.repeat(43)}=`), greeting])
    })
    expect(await errorOf(connectTo(wrong))).toMatchObject({ code: 'SRC_LOGIN_UNPROVEN' })
  })

  test('is enough where the server proves that it knows it', async () => {
    let proved = ''
    const port = await falseServer((said, turn) => {
      if (turn === 0) return mechanisms
      if (turn === 1) {
        const nonce = /n=\*,r=(.*)$/s.exec(said.toString())?.[1]
        proved = `n=*,r=${nonce},r=${nonce}more,s=c2FsdA==,i=4096`
        return first(said, 4096)
      }
      if (turn > 2) return Buffer.concat([message('C', 'SET\0'), message('Z', 'I')])
      const salted = pbkdf2Sync(PASSWORD, 'salt', 4096, 32, 'sha256')
      const key = createHmac('sha256', salted).update('Server Key').digest()
      const last = /(c=biws,r=[^,]*),p=/.exec(said.toString())?.[1]
      const proof = createHmac('sha256', key).update(`${proved},${last}`).digest('base64')
      return Buffer.concat([message('R', int32(12), `v=${proof}`), greeting])
    })
    const opened = await connectTo(port)
    expect(opened.loginMethod).toBe('scram-sha-256')
    await opened.close()
  })

  test('is hidden in what the server says of it, in whatever form', async () => {
    const forms = [
      PASSWORD,
      encodeURIComponent(PASSWORD),
      encodeURIComponent(PASSWORD).toLowerCase(),
      PASSWORD.replaceAll(' ', '+').replace(',', '%2C').replace('&', '%26').replaceAll('"', '%22'),
      JSON.stringify(PASSWORD),
      Buffer.from(PASSWORD).toString('base64'),
      Buffer.from(PASSWORD).toString('hex'),
      PASSWORD.replace('&', '&amp;').replaceAll('"', '&quot;'),
    ]
    for (const form of forms) {
      const said = message('E', 'SFATAL\0', 'C28P01\0', `Mrefused: postgres://u:${form}@h/d \u001b[2J\0`, '\0')
      const { error } = await heard(said)
      expect(error).toMatchObject({ code: 'SRC_LOGIN_REFUSED' })
      expect(error.message).not.toContain(form)
      expect(error.message).toMatch(/\*\*\*"?@h\/d/)
      expect(error.message).not.toContain('\u001b')
    }
    const opened = await connectTo(
      await falseServer(
        session(() =>
          Buffer.concat([message('E', 'SERROR\0', 'CXX000\0', `Mno ${PASSWORD}\0`, '\0'), message('Z', 'I')]),
        ),
      ),
    )
    expect((await errorOf(opened.rows('SELECT 1'))).message).toBe('the source answered: no ***')
    await opened.close()
  })

  test('of few letters is hidden where it stands alone', async () => {
    const said = message('E', 'SFATAL\0', 'C28P01\0', 'Mpassword "p" is refused\0', '\0')
    const { error } = await heard(said, { password: 'p' })
    expect(error.message).toBe('the source refused the login: password "***" is refused')
  })

  test('by MD5 goes out salted, and the session says so', async () => {
    let sent = ''
    const port = await falseServer((said, turn) => {
      if (turn === 0) return message('R', int32(5), 'salt')
      if (turn > 1) return Buffer.concat([message('C', 'SET\0'), message('Z', 'I')])
      sent = said.toString('utf8', 5, said.length - 1)
      return greeting
    })
    const opened = await connectTo(port)
    const md5 = (text: string) => createHash('md5').update(text).digest('hex')
    expect(sent).toBe(`md5${md5(`${md5(`${PASSWORD}u`)}salt`)}`)
    expect(opened.loginMethod).toBe('md5')
    await opened.close()
  })
})

describe('whatever a server sends', () => {
  const settings = Buffer.concat([message('C', 'SET\0'), message('Z', 'I')])
  const copied = Buffer.concat([
    message('H', Buffer.of(0), int16(1), int16(0)),
    message('d', '1\tone\n'),
    message('d', '2\ttwo\n'),
    message('c'),
    message('C', 'COPY 2\0'),
    message('N', 'SNOTICE\0', 'Mso\0', '\0'),
    message('Z', 'I'),
  ])
  const refused = Buffer.concat([message('E', 'SERROR\0', 'C42P01\0', 'Mno table\0', '\0'), message('Z', 'I')])

  /** A conversation with some bytes of it changed, left out, put in or doubled. */
  const spoilt = (bytes: Buffer) =>
    fc
      .array(fc.record({ at: fc.nat(bytes.length - 1), cut: fc.nat(6), put: fc.uint8Array({ maxLength: 6 }) }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((changes) =>
        changes.reduce(
          (left, { at, cut, put }) =>
            Buffer.concat([left.subarray(0, at), put, left.subarray(Math.min(at + cut, left.length))]),
          bytes,
        ),
      )
  const anything = (bytes: Buffer) =>
    fc.oneof(
      spoilt(bytes),
      fc.uint8Array({ maxLength: 200 }).map((any) => Buffer.from(any)),
    )

  /** The whole way, with one answer replaced; the server hangs up behind it, so that nobody waits for more. */
  async function converse(stage: 'greeting' | 'settings' | 'answer' | 'copy', bytes: Buffer): Promise<void> {
    const last = ['greeting', 'settings', 'answer', 'copy'].indexOf(stage)
    const port = await falseServer((_, turn, socket) => {
      const given = turn >= Math.min(last, 2) ? bytes : ([greeting, settings][turn] ?? bytes)
      socket.write(given)
      if (given === bytes) socket.end()
      return null
    })
    const opened = await connectTo(port)
    try {
      if (stage === 'copy') {
        await new RawSession(opened).query('COPY t TO STDOUT', { row: () => {}, data: () => {}, done: () => {} })
      } else await opened.rows('SELECT 1')
    } finally {
      opened.destroy()
    }
  }

  test.each([
    ['greeting', greeting],
    ['settings', settings],
    ['answer', answerOf('a value')],
    ['answer', refused],
    ['copy', copied],
    ['copy', refused],
  ] as const)(
    'as its %s ends in an answer or in an error with a code',
    async (stage, bytes) => {
      await fc.assert(
        fc.asyncProperty(anything(bytes), async (sent) => {
          await converse(stage, sent).catch((thrown: unknown) => {
            if (!(thrown instanceof SampanError) || thrown.code === 'INTERNAL') throw thrown
          })
        }),
        { numRuns: 120 },
      )
    },
    30_000,
  )
})
