import { expect, test } from 'vitest'
import { versionNumber } from '../../lambdas/postgres/connect.ts'
import { toDatabaseError } from '../../lambdas/postgres/errors.ts'

test.each([
  ['ECONNRESET', 'connection'],
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

test('a value inside a message is withheld', () => {
  const error = toDatabaseError(
    { code: '22P02', message: 'invalid input syntax for type integer: "4111 1111"' },
    'source',
  )
  expect(error.message).not.toContain('4111')
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
