import { expect, test } from 'vitest'
import { mapAllRights } from '../../../lambdas/core/structure/map-rights.ts'
import { roleMap } from '../../../lambdas/core/task/roles.ts'
import { databaseEntries } from '../../../lambdas/stages/schema/plan/database/database-properties.ts'
import { judgeProperties, propertyEntries } from '../../../lambdas/stages/schema/plan/database/judge-properties.ts'
import type { SourceFacts } from '../../../lambdas/stages/schema/plan/facts.ts'
import { withMappedProperties, withMappedRoles } from '../../../lambdas/stages/schema/plan/rights/map-roles.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const ROLES = { app: 'app "ali"', old: 'app "ali"', boss: 'create', '*': 'drop' }

function mapOf(roles: Record<string, string>) {
  const map = roleMap(roles, 'reader')
  if (map === null) throw new Error('every role is itself')
  return map
}

const map = mapOf(ROLES)

const entry = (change: Partial<TocEntry>): TocEntry => ({
  ...{ id: 1, catalogOid: 0, oid: 7, kind: 'TABLE', tag: 't', section: 'pre-data', sql: '', dropSql: '' },
  ...{ schema: 'public', owner: 'app', tablespace: '', accessMethod: null, relationKind: null, hasData: false },
  dependencies: [],
  ...change,
})

const mapped = (change: Partial<TocEntry>, roles: readonly string[] = []) => {
  const facts = { policyRoles: new Map([[7, { permissive: true, roles, memberships: [] }]]) } as unknown as SourceFacts
  return withMappedRoles([entry(change)], facts, map)[0]
}

test('two roles change places without one becoming the other', () => {
  const crossed = mapOf({ a: 'b', b: 'a' })
  const facts = { policyRoles: new Map() } as unknown as SourceFacts
  const sql = 'ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA public GRANT SELECT ON TABLES TO b;\n'
  const [found] = withMappedRoles([entry({ kind: 'DEFAULT ACL', sql, owner: 'a' })], facts, crossed)
  expect(found).toMatchObject({
    owner: 'b',
    sql: 'ALTER DEFAULT PRIVILEGES FOR ROLE "b" IN SCHEMA public GRANT SELECT ON TABLES TO "a";\n',
  })
})

test('every statement that names a role names the one that stands for it', () => {
  const acl = `REVOKE ALL ON TABLE public.t FROM app;\nGRANT SELECT(app) ON TABLE public.t TO app WITH GRANT OPTION;\nGRANT ALL ON TABLE public.t TO PUBLIC;\n`
  expect(mapped({ kind: 'ACL', sql: acl })).toMatchObject({
    owner: 'app "ali"',
    sql: `REVOKE ALL ON TABLE public.t FROM "app ""ali""";\nGRANT SELECT(app) ON TABLE public.t TO "app ""ali""" WITH GRANT OPTION;\nGRANT ALL ON TABLE public.t TO PUBLIC;\n`,
  })
  const policy = 'CREATE POLICY app ON public.t FOR SELECT TO app, old, boss USING ((app = 1));\n'
  expect(mapped({ kind: 'POLICY', sql: policy }, ['app', 'old', 'boss'])?.sql).toBe(
    'CREATE POLICY app ON public.t FOR SELECT TO "app ""ali""", "boss" USING ((app = 1));\n',
  )
  const everybody = 'CREATE POLICY app ON public.t USING (true);\n'
  expect(mapped({ kind: 'POLICY', sql: everybody })?.sql).toBe(everybody)
  const mapping = (role: string) => `CREATE USER MAPPING FOR ${role} SERVER app OPTIONS (\n    "user" 'app'\n);\n`
  expect(mapped({ kind: 'USER MAPPING', sql: mapping('app') })?.sql).toBe(mapping('"app ""ali"""'))
  expect(mapped({ kind: 'USER MAPPING', sql: mapping('public') })?.sql).toBe(mapping('public'))
  expect(mapped({ kind: 'USER MAPPING', dropSql: 'DROP USER MAPPING IF EXISTS FOR app SERVER app;' })?.dropSql).toBe(
    'DROP USER MAPPING IF EXISTS FOR "app ""ali""" SERVER app;',
  )
  expect(mapped({ sql: 'CREATE TABLE public.t (app int);', owner: '' })).toMatchObject({
    owner: '',
    sql: 'CREATE TABLE public.t (app int);',
  })
})

test('of several roles that become one the rights are taken together', () => {
  const rights = (identity: string, acl: readonly string[]) => ({
    kind: 'table',
    identity,
    owner: 'boss',
    acl,
    columns: null,
  })
  const [table] = mapAllRights(
    [rights('t', ['["SELECT", "rapp", false]', '["SELECT", "rold", true]', '["INSERT", "p", false]'])],
    map,
  )
  expect(table?.acl).toEqual(['["SELECT", "rapp \\"ali\\"", true]', '["INSERT", "p", false]'])
  const defaults = (creator: string, acl: readonly string[]) => ({
    ...rights(`["${creator}", null, "r"]`, acl),
    kind: 'default privileges',
  })
  expect(
    mapAllRights(
      [defaults('app', ['["SELECT", "rboss", false]']), defaults('old', ['["INSERT", "rboss", false]'])],
      map,
    ),
  ).toMatchObject([
    { identity: '["app \\"ali\\"", null, "r"]', acl: ['["SELECT", "rboss", false]', '["INSERT", "rboss", false]'] },
  ])
})

test('settings and rights on the database are of the roles there, and of those that are dropped there are none', async () => {
  const database = await createDatabase(
    sharedServer(15),
    `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app74_ali') THEN CREATE ROLE app74_ali; END IF; END $$`,
  )
  const session = await openSession(database, 'destination')
  try {
    const right = { privilege: 'CONNECT', grantable: false }
    const properties = withMappedProperties(
      {
        settings: [
          { role: 'app74', name: 'work_mem', value: '8MB' },
          { role: 'gone74', name: 'work_mem', value: '8MB' },
          { role: null, name: 'work_mem', value: '9MB' },
        ],
        ...{ comment: null, owner: null, connectionLimit: -1, hasRights: true },
        rights: [
          { role: null, privilege: 'CONNECT', grantable: false },
          { role: null, privilege: 'TEMPORARY', grantable: false },
          { role: 'app74', ...right },
          { role: 'gone74', ...right },
        ],
      },
      mapOf({ app74: 'app74_ali', '*': 'drop' }),
    )
    const judged = await judgeProperties(session, databaseEntries(properties, database.name))
    const verdicts = [...propertyEntries(judged, [])].map(([{ tag }, verdict]) => [
      tag.replace(database.name, 'db'),
      verdict.verdict === 'migrate' ? verdict.verdict : verdict.reason,
    ])
    expect(verdicts).toEqual([
      ['work_mem of app74_ali', 'migrate'],
      ['work_mem of gone74 (dropped by the task)', 'the task drops the role'],
      ['work_mem', 'migrate'],
      ['DATABASE db app74_ali', 'migrate'],
      ['DATABASE db gone74 (dropped by the task)', 'the task drops the role'],
    ])
  } finally {
    await session.close()
  }
})
