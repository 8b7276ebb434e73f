import { expect, test } from 'vitest'
import { versionNumber } from '../../../lambdas/core/postgres/connect.ts'
import { toDatabaseError, toSettingsError } from '../../../lambdas/core/postgres/errors.ts'

test.each([
  ['ECONNRESET', 'connection'],
  ['EHOSTDOWN', 'connection'],
  ['ERR_STREAM_DESTROYED', 'connection'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'connection'],
  ['57P01', 'connection'],
  ['53300', 'connection'],
  ['08006', 'connection'],
  ['40P01', 'other'],
  ['53100', 'other'],
  ['42P01', 'other'],
])('%s waits in the %s window', (code, kind) => {
  expect(toDatabaseError({ code, message: 'x' }, 'source')).toMatchObject({ kind, retryable: true })
})

test('an error without a code is a lost connection only where the driver says so', () => {
  expect(toDatabaseError(new Error('Connection terminated unexpectedly'), 'source').kind).toBe('connection')
  expect(toDatabaseError(new Error('something else'), 'source').kind).toBe('other')
})

test('a session whose settings were cancelled is a lost connection; settings a server does not know are its own error', () => {
  const cancelled = { code: '57014', message: 'canceling statement due to user request' }
  expect(toSettingsError(cancelled, 'source')).toMatchObject({ kind: 'connection', code: 'SRC_CONNECTION_LOST' })
  const unknown = { code: '42704', message: 'unrecognized configuration parameter "x"' }
  expect(toSettingsError(unknown, 'destination')).toMatchObject({ kind: 'other', code: 'DST_SQL_42704' })
})

test('detail, hint and context, which may hold row values, stay behind', () => {
  const error = toDatabaseError(
    {
      code: '23505',
      message: 'duplicate key value violates unique constraint "users_pkey"',
      detail: 'Key (mail)=(secret@example.org) already exists.',
      where: 'COPY users, line 3: "secret@example.org"',
    },
    'destination',
  )
  expect(`${error.message} ${error.remedy}`).not.toContain('secret@example.org')
  expect(error.code).toBe('DST_SQL_23505')
})

test.each([
  ['22P02', 'invalid input syntax for type integer: "4111 1111"', ''],
  ['22P02', 'invalid input syntax for type integer: "first line\n4111 1111"', ''],
  ['22003', 'value "4111 1111" is out of range for type integer', ''],
  ['22007', 'invalid input syntax for type date: "say "4111 1111""', ''],
  ['22P02', 'malformed array literal: "{4111', ''],
  ['22021', 'invalid byte sequence for encoding "UTF8": 0x34 0x31 0x31', ''],
  ['P0001', 'no such card: 4111 1111', 'exec_stmt_raise'],
  ['23514', 'card 4111 1111 is blocked', 'exec_stmt_raise'],
  ['P0004', 'assertion failed: 4111 1111', 'exec_stmt_assert'],
  ['38000', 'ValueError: 4111 1111', 'PLy_elog_impl'],
])('a value inside a message is withheld: %s %s', (code, message, routine) => {
  for (const side of ['source', 'destination'] as const) {
    const told = toDatabaseError({ code, message, routine }, side).message
    expect(told).not.toMatch(/4111|0x34|first line/)
    expect(told).toMatch(/^the (source|destination) answered: \w/)
  }
})

test('names of objects stay in the message', () => {
  const told = (code: string, message: string) => toDatabaseError({ code, message }, 'destination').message
  expect(told('23505', 'duplicate key value violates unique constraint "users_pkey"')).toContain('"users_pkey"')
  expect(told('42P01', 'relation "a.b" does not exist')).toContain('"a.b"')
  expect(told('22003', 'value "9" is out of range for type integer')).toContain('is out of range for type integer')
})

test('what the ledger’s own functions raise is told: it names objects only', () => {
  const error = { code: 'SP006', message: 'the account may not give rights on schema x', routine: 'exec_stmt_raise' }
  expect(toDatabaseError(error, 'destination').message).toContain('rights on schema x')
})

test('what the fence says is final', () => {
  expect(toDatabaseError({ code: 'SP001', message: 'sealed' }, 'destination')).toMatchObject({
    code: 'RUN_SEALED',
    retryable: false,
  })
})

test.each([
  ['15.18 (Debian 15.18-1)', 150_018],
  ['9.6.24', 90_624],
  ['18beta1', 180_000],
  ['', 0],
])('server_version %j is %i', (text, number) => {
  expect(versionNumber(text)).toBe(number)
})
