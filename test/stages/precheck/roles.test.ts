import { expect, test } from 'vitest'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { itemOf, precheck } from './prechecks.ts'

const only = checks.filter(({ code }) => /^(ROLES_|OWNERS_NOT_KEPT)/.test(code))

/** On two servers that do not share roles: those of the 15 are not on the 18. */
async function ofRoles(roles: Record<string, string>, account?: string) {
  const source = await createDatabase(
    sharedServer(15),
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seller73') THEN CREATE ROLE seller73; END IF; END $$;
     CREATE TABLE t (a int); ALTER TABLE t OWNER TO seller73;
     CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f() OWNER TO seller73`,
  )
  const destination = await createDatabase(
    sharedServer(18),
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'plain73') THEN CREATE ROLE plain73 LOGIN PASSWORD 'p'; CREATE ROLE buyer73; END IF; END $$`,
  )
  const { connection } = destination
  const login = account === undefined ? connection : { ...connection, user: account, password: 'p' }
  return precheck(source, { ...destination, connection: login }, { only, overrides: { roles } })
}

test('a role that the destination lacks is told, unless the task maps it to one that is there, drops it, or has it made', {
  tags: 'long',
}, async () => {
  const missing = itemOf(await ofRoles({ other: 'buyer73' }), 'ROLES_MISSING')
  expect(missing).toMatchObject({ level: 'info', details: ['seller73, named by 2 objects'] })
  expect(itemOf(await ofRoles({ seller73: 'nobody73' }), 'ROLES_MISSING').details).toEqual([
    'nobody73 (seller73), named by 2 objects',
  ])
  for (const there of ['buyer73', 'drop', 'create']) {
    expect(itemOf(await ofRoles({ seller73: there }), 'ROLES_MISSING').status).toBe('passed')
  }
})

test('what acts with its owner’s rights keeps its owner under the name that the task gives him', async () => {
  expect(itemOf(await ofRoles({ seller73: 'buyer73' }), 'OWNERS_NOT_KEPT').status).toBe('passed')
  expect(itemOf(await ofRoles({ '*': 'create' }), 'OWNERS_NOT_KEPT').status).toBe('passed')
  const dropped = itemOf(await ofRoles({ '*': 'drop' }), 'OWNERS_NOT_KEPT')
  expect(dropped.details).toEqual([
    'function public.f: it runs with the rights of its owner (SECURITY DEFINER); its owner seller73 (dropped by the task) is not on the destination',
  ])
})

test('roles that the account may not make are an error', async () => {
  const item = itemOf(await ofRoles({ '*': 'create' }, 'plain73'), 'ROLES_NOT_CREATABLE')
  expect(item).toMatchObject({ status: 'failed', level: 'error', blocks: true, details: ['seller73'] })
  expect(itemOf(await ofRoles({ '*': 'create' }), 'ROLES_NOT_CREATABLE').status).toBe('passed')
})
