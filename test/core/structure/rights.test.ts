import { expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { differenceOf } from '../../../lambdas/core/structure/compare-rights.ts'
import { readRights } from '../../../lambdas/core/structure/rights.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

test.each([
  ['the oldest server', oldestServer],
  ['15', async () => sharedServer(15)],
  ['18', async () => sharedServer(18)],
] as const)('rights are read alike by %s', async (_, server) => {
  const database = await createDatabase(
    await server(),
    `CREATE TABLE plain (a int); CREATE TABLE back (a int); GRANT SELECT ON back TO PUBLIC; REVOKE SELECT ON back FROM PUBLIC;
     CREATE TABLE "Given" (a int, "b c" int); GRANT SELECT ON "Given" TO PUBLIC; GRANT UPDATE ("b c") ON "Given" TO pg_monitor WITH GRANT OPTION;
     ALTER TABLE "Given" ENABLE ROW LEVEL SECURITY; CREATE POLICY "P" ON "Given" AS RESTRICTIVE FOR UPDATE TO pg_monitor USING (a > 1);
     CREATE FUNCTION f(int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION f FROM PUBLIC;
     CREATE VIEW v WITH (security_barrier) AS SELECT 1 AS a; CREATE TYPE span AS RANGE (SUBTYPE = int4);
     CREATE EXTENSION citext; GRANT EXECUTE ON FUNCTION citext_eq(citext, citext) TO PUBLIC; REVOKE EXECUTE ON FUNCTION citext_hash(citext) FROM PUBLIC;
     GRANT EXECUTE ON FUNCTION citext_hash(citext) TO pg_monitor`,
  )
  const other = await createDatabase(sharedServer(18))
  const session = await openSource(stepEvent(database, other), {}, { purpose: 'test' })
  const rights = await readRights(session)
  await session.close()
  const of = (identity: string) => rights.find((one) => one.identity === identity)
  expect(of('public.plain')).toMatchObject({ kind: 'table', owner: 'postgres', acl: null, columns: null, traits: [] })
  // What was given and taken back is as it was.
  expect(of('public.back')).toMatchObject({ acl: null })
  expect(of('public."Given"')).toMatchObject({
    acl: expect.arrayContaining(['["SELECT", "p", false]', '["SELECT", "o", false]']),
    columns: ['["UPDATE", "rpg_monitor", true, "b c"]'],
    traits: ['row security'],
  })
  expect(of('"P" on public."Given"')).toMatchObject({
    kind: 'policy',
    acl: ['["TO", "rpg_monitor", false]'],
    traits: ['restrictive', 'command w', expect.stringMatching(/^text [0-9a-f]{32}$/)],
  })
  expect(of('public.f(integer)')).toMatchObject({ acl: ['["EXECUTE", "o", false]'], traits: ['security definer'] })
  expect(of('public.v')).toMatchObject({ traits: ['security_barrier'] })
  // Of members of extensions those alone that have other rights than they were born with.
  expect(rights.filter(({ identity }) => identity.includes('citext'))).toMatchObject([
    {
      identity: 'public.citext_hash(public.citext)',
      acl: ['["EXECUTE", "o", false]', '["EXECUTE", "rpg_monitor", false]'],
      traits: ['born ["EXECUTE", "o", false]', 'born ["EXECUTE", "p", false]'],
    },
  ])
  expect(of('public.span(integer,integer)')?.madeOf).toBe(of('public.span')?.oid)
})

const both = {
  ...{ kind: 'table', identity: 'public.t', surplus: false, missing: false, told: false },
  ...{ owner: 'boss', actualOwner: 'boss', acl: null, actualAcl: null, columns: null, actualColumns: null },
  ...{ traits: [], actualTraits: [], standard: ['["SELECT", "o", false]', '["MAINTAIN", "o", false]'] },
}

test('what differs is wider or narrower, by who may do what', () => {
  const read = '["SELECT", "o", false]'
  const differ = (parts: object) => {
    const { wider, narrower } = differenceOf({ ...both, ...parts })
    return { wider, narrower }
  }
  // An owner of a version without MAINTAIN is the owner all the same.
  expect(differ({ acl: [read], actualAcl: null })).toEqual({ wider: [], narrower: [] })
  expect(
    differ({
      acl: [read, '["SELECT", "ra", true]'],
      actualAcl: [read, '["SELECT", "ra", false]', '["UPDATE", "p", false]'],
    }),
  ).toEqual({
    wider: ['everybody may UPDATE'],
    narrower: ['a may not SELECT and give it on'],
  })
  expect(differ({ columns: ['["SELECT", "rb", false, "x"]'], actualColumns: ['["SELECT", "rb", true, "x"]'] })).toEqual(
    {
      wider: ['b may SELECT (x) and give it on'],
      narrower: [],
    },
  )
  expect(differ({ actualOwner: 'b' }).wider).toEqual(['it belongs to b instead of boss'])
  expect(differ({ traits: ['row security'] }).wider).toEqual(['it has no row security'])
  expect(differ({ actualTraits: ['security definer'] }).wider).toEqual(['it is security definer'])
  const policy = {
    kind: 'policy',
    owner: null,
    actualOwner: null,
    acl: ['["TO", "ra", false]'],
    actualAcl: ['["TO", "rb", false]'],
  }
  expect(differ({ ...policy, traits: ['permissive'], actualTraits: ['permissive'] })).toEqual({
    wider: ['it is for b too'],
    narrower: ['it is not for a'],
  })
  expect(differ({ ...policy, traits: ['restrictive'], actualTraits: ['restrictive'] })).toEqual({
    wider: ['it is not for a'],
    narrower: ['it is for b too'],
  })
})

test('what a member of an extension is born with is its version’s doing, unless it was taken on the source', () => {
  const [mine, all, some, given] = [
    '["EXECUTE", "o", false]',
    '["EXECUTE", "p", false]',
    '["EXECUTE", "ra", false]',
    '["EXECUTE", "rb", false]',
  ]
  const differ = (acl: string[], born: string[], actualAcl: string[], there: string[]) => {
    const traits = [born, there].map((items) => items.map((item) => `born ${item}`))
    const sides = { kind: 'function', standard: [mine, all], traits: traits[0], actualTraits: traits[1] }
    const { wider, narrower } = differenceOf({ ...both, ...sides, acl, actualAcl } as never)
    return { wider, narrower }
  }
  const same = { wider: [], narrower: [] }
  expect(differ([mine, given], [mine, all], [mine, given], [mine, all])).toEqual(same)
  expect(differ([mine, given], [mine, all], [mine, given, all], [mine, all])).toEqual({
    wider: ['everybody may EXECUTE'],
    narrower: [],
  })
  expect(differ([mine, given], [mine, all], [mine], [mine, all])).toEqual({
    wider: [],
    narrower: ['b may not EXECUTE'],
  })
  expect(differ([mine, all, given], [mine, all], [mine, given], [mine])).toEqual(same)
  expect(differ([mine, given], [mine], [mine, given, some], [mine, some])).toEqual(same)
  expect(differ([mine, given], [mine], [mine, given, all], [mine])).toEqual({
    wider: ['everybody may EXECUTE'],
    narrower: [],
  })
})
