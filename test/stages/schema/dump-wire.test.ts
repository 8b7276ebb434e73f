import { describe, expect, test } from 'vitest'
import { connect } from '../../../lambdas/core/postgres/connect.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import { dump } from '../../../lambdas/stages/schema/pgdump/dump.ts'
import { announced, answerOf, falseServer, greeting, int16, int32, message } from '../../support/false-server.ts'

const PASSWORD = 'correct horse battery'

/** What a dump ends with where the server answers pg_dump's own questions like this. */
async function dumping(answer: Buffer): Promise<SampanError> {
  const settings = Object.entries({
    user: 'u',
    database: 'd',
    server_version: '15.18',
    server_version_num: '150018',
    client_encoding: 'UTF8',
  })
  const rows = settings.map(([name, value]) =>
    message('D', int16(2), int32(name.length), name, int32(value.length), value),
  )
  const column = (name: string) => [`${name}\0`, Buffer.alloc(6), int32(25), int16(0xffff), int32(-1), int16(0)]
  const described = message('T', int16(2), ...column('name'), ...column('setting'))
  const set = Buffer.concat([message('C', 'SET\0'), message('Z', 'I')])
  const first = [greeting, set, Buffer.concat([described, ...rows, message('C', 'SELECT 5\0'), message('Z', 'I')])]
  const port = await falseServer((_, turn) => first[turn] ?? answer)
  const session = await connect({
    side: 'source',
    host: '127.0.0.1',
    port,
    user: 'u',
    password: PASSWORD,
    database: 'd',
    tls: false,
    applicationName: 'test',
  })
  const thrown: unknown = await dump({ client: session.client, timeout: 4_000 }).catch((error: unknown) => error)
  session.destroy()
  if (!(thrown instanceof SampanError)) throw thrown
  expect(`${thrown.message} ${thrown.remedy}`).not.toContain(PASSWORD)
  return thrown
}

const ready = message('Z', 'T')

describe('pg_dump, where the source', () => {
  test.each([
    ['becomes a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['announces two gigabytes', announced('D', 0x7fffffff)],
    ['says a negative length', announced('T', -5)],
    ['sends a type that does not exist', message('?', 'x')],
  ])('%s, ends at once', async (_, bytes) => {
    expect(await dumping(bytes)).toMatchObject({ code: 'SRC_PROTOCOL_VIOLATED' })
  })

  test.each([
    ['is ready before it has answered', ready],
    ['counts more columns than it has', Buffer.concat([message('T', int16(0x7fff), 'a\0', Buffer.alloc(18)), ready])],
    ['answers what was not asked', answerOf('x')],
    [
      'repeats the password',
      Buffer.concat([message('E', 'SERROR\0', 'CXX000\0', `Merror: ${PASSWORD}\0`, '\0'), ready]),
    ],
    ['asks for a login', Buffer.concat([message('R', int32(3)), ready])],
  ])('%s, ends with an error in time', async (_, bytes) => {
    expect((await dumping(bytes)).code).toMatch(/^SRC_DUMP_/)
  })
})
