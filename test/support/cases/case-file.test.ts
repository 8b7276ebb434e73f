import { expect, test } from 'vitest'
import { parseCase, setVariables } from './case-file.ts'

test('a case file’s header says how it is run; what is no header stays SQL', () => {
  const text = [
    '-- ack: COMPUTED_ANEW, C_FUNCTIONS',
    '-- dstpg: create role m09 login',
    '-- nodst:',
    '-- check: select 1',
    '-- just a comment: not a header',
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='other09') THEN CREATE ROLE other09; END IF; END $$;",
    '-- check: select 2',
  ].join('\n')
  expect(parseCase('ten-example', text)).toMatchObject({
    fromOldest: true,
    acknowledge: ['COMPUTED_ANEW', 'C_FUNCTIONS'],
    beforeInPostgres: ['create role m09 login'],
    destinationAbsent: true,
    checks: ['select 1', 'select 2'],
    sourceUser: null,
    roles: ['m09', 'other09'],
    sql: text,
  })
})

test('the database’s name stands where psql would write it; a cast is no variable', () => {
  expect(setVariables(`ALTER DATABASE :"db" OWNER TO x; SELECT :'db', 1::db, :dbx, :db`, 'shop')).toBe(
    `ALTER DATABASE "shop" OWNER TO x; SELECT 'shop', 1::db, :dbx, "shop"`,
  )
})
