import { describe, expect, test } from 'vitest'
import { chooseFlight } from '../../../lambdas/stages/schema/apply/lane.ts'
import { tune } from '../../../lambdas/stages/schema/apply/tuning.ts'
import { withoutLz4 } from '../../../lambdas/stages/schema/plan/compression.ts'
import { createDatabaseSql } from '../../../lambdas/stages/schema/plan/database/destination-database.ts'
import type { SourceFacts } from '../../../lambdas/stages/schema/plan/facts.ts'
import { planObjects } from '../../../lambdas/stages/schema/plan/plan.ts'
import { keepKnownRoles, mappedRole } from '../../../lambdas/stages/schema/plan/rights/privileges.ts'
import { assignStages } from '../../../lambdas/stages/schema/plan/stages.ts'
import { splitStatements } from '../../../lambdas/stages/schema/plan/statements.ts'
import { foreignKeySteps, indexSteps } from '../../../lambdas/stages/schema/plan/steps.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'
import { entry } from './entries.ts'

const noFacts: SourceFacts = {
  nativeFunctions: new Map(),
  columnOrder: { reordered: new Map(), holders: [] },
  materializedViews: new Map(),
  defaultsTaken: new Map(),
  clonesApart: new Map(),
  settings: [],
  policyRoles: new Map(),
  hiddenMappings: new Set(),
  rowSecuredViews: new Set(),
  account: 'reader',
  trees: new Map(),
  relations: new Map(),
  largeObjects: 0,
  largeObjectBytes: 0,
  largeObjectRemarks: [],
  configuration: [],
  ownExtensionComments: new Set(),
  rights: [],
  serverVersion: 150_000,
}

const noRelation = { schema: 'public', columns: [], types: [], hasKey: false, bytes: 0, pages: 0 }

function plan(
  entries: readonly TocEntry[],
  facts: Partial<SourceFacts> = {},
  roles: readonly string[] = [],
  destinationVersion = 180_000,
  superuser = true,
) {
  const tables = entries.filter(({ kind }) => kind === 'TABLE')
  const relations = new Map(tables.map(({ oid, tag }) => [oid, { ...noRelation, oid, name: tag }]))
  const input = {
    run: 'run',
    destinationVersion,
    entries,
    facts: { ...noFacts, relations, ...facts },
    roles: {
      account: 'writer',
      superuser,
      byName: new Map(roles.map((role) => [role, { mine: true, giveable: true, superuser: false }])),
    },
    include: ['*.*'],
    exclude: [],
  }
  return planObjects(input).objects
}

describe('stages', () => {
  test('a view that GROUP BY ties to a key gets its body after the key, and what is filled from it later still', () => {
    const entries = [
      entry(1, 'TABLE', 't'),
      entry(2, 'VIEW', 'grouped', { dependencies: [1] }),
      entry(3, 'MATERIALIZED VIEW', 'totals', { dependencies: [2] }),
      entry(4, 'CONSTRAINT', 't t_pkey', { dependencies: [1] }),
      entry(5, 'RULE', 'grouped _RETURN', { dependencies: [2, 1, 4] }),
      entry(6, 'RULE', 't protect', { dependencies: [1] }),
    ]
    const objects = plan(entries, { materializedViews: new Map([[3, { populated: true, bytes: 1 }]]) })
    const stageOf = (name: string) => objects.find((object) => object.name === name)?.stage
    expect(stageOf('grouped _RETURN')).toBe('index')
    expect(stageOf('t protect')).toBe('link')
    expect(stageOf('totals')).toBe('create')
    expect(objects.find(({ kind }) => kind === 'MATERIALIZED VIEW DATA')).toMatchObject({
      stage: 'index',
      dependencies: [3, 5],
      sql: 'REFRESH MATERIALIZED VIEW "public"."totals";\nANALYZE "public"."totals";\n',
    })
  })

  test('a view whose body cannot come is no stand-in full of NULLs: it goes its body’s way, with what needs it', () => {
    const entries = [
      entry(1, 'TABLE', 't'),
      entry(2, 'VIEW', 'grouped', { dependencies: [] }),
      entry(3, 'VIEW', 'over_it', { dependencies: [2] }),
      entry(4, 'FUNCTION', 'native()'),
      entry(5, 'CONSTRAINT', 't t_pkey', { dependencies: [1] }),
      entry(6, 'RULE', 'grouped _RETURN', { dependencies: [2, 1, 4, 5] }),
    ]
    const byLanguage = plan(entries, { nativeFunctions: new Map([[4, 'c']]) }, [], 180_000, false)
    const fates = byLanguage.map(({ name, status, blockedBy }) => [name, status, blockedBy])
    expect(fates).toEqual(
      expect.arrayContaining([
        ['t', 'pending', null],
        ['native()', 'skipped', null],
        ['grouped', 'blocked', 4],
        ['over_it', 'blocked', 4],
        ['grouped _RETURN', 'blocked', 4],
      ]),
    )
  })

  test('what a table needs comes before the rows, be it a key', () => {
    const stages = assignStages([
      entry(1, 'TABLE', 't'),
      entry(2, 'CONSTRAINT', 't t_pkey', { dependencies: [1] }),
      entry(3, 'FUNCTION', 'atomic()', { dependencies: [1, 2] }),
      entry(4, 'TABLE', 'u', { dependencies: [3] }),
    ])
    expect([...stages.values()]).toEqual(['create', 'create', 'create', 'create'])
  })

  test('schemas and extensions come first, event triggers last', () => {
    const kinds = plan([
      entry(1, 'EVENT TRIGGER', 'watch', { schema: null }),
      entry(2, 'TABLE', 't'),
      entry(3, 'EXTENSION', 'hstore', { schema: null, dependencies: [4] }),
      entry(4, 'SCHEMA', 'public', { schema: null, sql: '-- *not* creating schema, since initdb creates it\n' }),
    ]).map(({ kind, sql }) => `${kind}: ${sql.trim()}`)
    expect(kinds).toEqual([
      'SCHEMA: CREATE SCHEMA IF NOT EXISTS public;',
      'EXTENSION: CREATE EXTENSION hstore;',
      'TABLE: CREATE TABLE t;',
      'EVENT TRIGGER: CREATE EVENT TRIGGER watch;',
    ])
  })
})

describe('verdicts', () => {
  test('an extension that only Amazon has blocks what needs it, and takes its comment along', () => {
    const objects = plan([
      entry(1, 'EXTENSION', 'aws_s3', { schema: null }),
      entry(2, 'COMMENT', 'EXTENSION aws_s3', { schema: null, dependencies: [1] }),
      entry(3, 'FUNCTION', 'export()', { dependencies: [1] }),
      entry(4, 'VIEW', 'v', { dependencies: [3] }),
    ])
    expect(objects.map(({ status, blockedBy }) => `${status} ${blockedBy}`)).toEqual([
      'skipped null',
      'skipped null',
      'blocked 1',
      'blocked 1',
    ])
    expect(objects[0]?.reason).toBe('the extension aws_s3 exists on Amazon RDS only')
  })

  test('a policy or mapping for a role that is absent is left behind, with the role’s name', () => {
    const objects = plan(
      [
        entry(1, 'TABLE', 't'),
        entry(2, 'POLICY', 't own', { dependencies: [1] }),
        entry(3, 'USER MAPPING', 'USER MAPPING app SERVER s', {
          schema: null,
          sql: "CREATE USER MAPPING FOR app SERVER s OPTIONS (password 'x');",
        }),
      ],
      { policyRoles: new Map([[2, { permissive: true, roles: ['auditor'], memberships: [] }]]) },
    )
    expect(objects.slice(1)).toMatchObject([
      { status: 'skipped', reason: 'the destination has no role auditor' },
      { status: 'skipped', reason: 'the destination has no role app', sql: '' },
    ])
  })

  test('a table that went while the source was read is not made without its rows: all is read again', () => {
    expect(() => plan([entry(1, 'TABLE', 't')], { trees: new Map(), relations: new Map() })).toThrow(
      expect.objectContaining({ code: 'SRC_OBJECTS_CHANGED', retryable: true }),
    )
  })

  test('a table of another access method is made with it', () => {
    const [table] = plan([entry(1, 'TABLE', 't', { accessMethod: 'columnar' })])
    expect(table?.sql).toContain(`set_config('default_table_access_method', 'columnar', true)`)
  })

  test('what is said about a large object is said once its bytes are there', () => {
    const objects = plan(
      [],
      {
        largeObjectRemarks: [
          { oid: 16400, comment: "it's a scan", grants: ['GRANT SELECT ON LARGE OBJECT 16400 TO app;'] },
          { oid: 16401, comment: null, grants: [] },
        ],
      },
      ['app'],
    )
    expect(objects).toMatchObject([
      { kind: 'ACL', stage: 'link', sql: expect.stringContaining('GRANT SELECT ON LARGE OBJECT 16400 TO app') },
      { kind: 'COMMENT', stage: 'link', sql: `COMMENT ON LARGE OBJECT 16400 IS 'it''s a scan';` },
    ])
  })
})

describe('privileges', () => {
  const roles = {
    isKnown: (role: string) => ['app', 'Mixed "role', 'other'].includes(role),
    maySpeakFor: (role: string) => role === 'app',
  }

  test('statements that name an absent role go, the others stay', () => {
    const sql = `REVOKE ALL ON TABLE public."t; TO x" FROM owner;
GRANT SELECT ON TABLE public."t; TO x" TO app WITH GRANT OPTION;
GRANT SELECT ON TABLE public."t; TO x" TO "Mixed ""role";
GRANT SELECT ON TABLE public."t; TO x" TO reader;
GRANT INSERT ON TABLE public."t; TO x" TO PUBLIC;
`
    const kept = keepKnownRoles(sql, roles)
    expect(kept.leftOut).toEqual(['owner', 'reader'])
    expect(splitStatements(kept.sql)).toHaveLength(3)
    expect(kept.sql).toContain('TO PUBLIC')
  })

  test('a grant that was given as another role is given by the destination’s account', () => {
    const sql = 'SET SESSION AUTHORIZATION owner;\nGRANT SELECT ON TABLE t TO app;\nRESET SESSION AUTHORIZATION;\n'
    expect(keepKnownRoles(sql, roles)).toEqual({
      sql: 'GRANT SELECT ON TABLE t TO app;\n',
      leftOut: [],
      grantorLost: true,
    })
  })

  test('default privileges name two roles', () => {
    const sql = 'ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT SELECT ON TABLES TO app;\n'
    expect(keepKnownRoles(sql, roles)).toMatchObject({ sql: '', leftOut: ['owner'] })
  })

  test('default privileges of a role that the account has no part in are left out', () => {
    const of = (role: string) => `ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT SELECT ON TABLES TO app;\n`
    expect(keepKnownRoles(of('other') + of('app'), roles)).toMatchObject({ sql: of('app'), leftOut: ['other'] })
  })

  test('the role of a user mapping is read, PUBLIC is none', () => {
    expect(mappedRole('CREATE USER MAPPING FOR "a b" SERVER s;')).toBe('a b')
    expect(mappedRole('CREATE USER MAPPING FOR public SERVER s;')).toBeNull()
  })
})

describe('lanes', () => {
  const due = (id: number, bytes: number) => ({
    id,
    bytes,
    kind: 'INDEX',
    schema: 's',
    name: `i${id}`,
    sql: '',
    verdict: 'migrate' as const,
    step: 'build' as const,
    part: null,
    alone: null,
    table: null,
  })

  test('take large objects one each, and share the small ones', () => {
    const large = [due(1, 1e9), due(2, 9e8)]
    expect([0, 1].map((lane) => chooseFlight(large, lane, 2).map(({ id }) => id))).toEqual([[1], [2]])
    const small = Array.from({ length: 60 }, (_, id) => ({ ...due(id, 10), table: 100 + 2 * Math.floor(id / 2) }))
    const taken = [0, 1, 2].map((lane) => chooseFlight(small, lane, 3))
    expect(taken.flatMap((flight) => flight.map(({ id }) => id)).toSorted((a, b) => a - b)).toEqual(
      small.map(({ id }) => id),
    )
    // Both indexes of a table are one lane's.
    const tables = taken.flatMap((flight) => [...new Set(flight.map(({ table }) => table))])
    expect(new Set(tables).size).toBe(tables.length)
    for (const flight of taken) expect(flight.length).toBeGreaterThan(5)
    expect(chooseFlight([], 1, 3)).toEqual([])
    // A lane that has nothing of its own helps with a share from the end.
    const others = taken[0]?.slice(0, 9) ?? []
    expect(chooseFlight(others, 1, 3)).toEqual(others.toReversed().slice(0, 3))
  })
})

describe('keys in two steps', () => {
  const key = (rest: string) => `ALTER TABLE ONLY s."T ""1"\n    ADD CONSTRAINT "k;1" ${rest};\n`

  test('keep everything that pg_dump says of them', () => {
    expect(
      indexSteps(
        'CONSTRAINT',
        key(`UNIQUE NULLS NOT DISTINCT (a, "b)") INCLUDE (c) WITH (fillfactor='70') DEFERRABLE`),
      ),
    ).toEqual({
      buildSql: `CREATE UNIQUE INDEX "k;1" ON s."T ""1" USING btree (a, "b)") INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor='70')`,
      finishSql: `ALTER TABLE ONLY s."T ""1" ADD CONSTRAINT "k;1" UNIQUE USING INDEX "k;1" DEFERRABLE`,
    })
    expect(foreignKeySteps(key('FOREIGN KEY (a) REFERENCES s.p(id) ON DELETE SET NULL (a)'))).toEqual({
      buildSql: `ALTER TABLE ONLY s."T ""1"\n    ADD CONSTRAINT "k;1" FOREIGN KEY (a) REFERENCES s.p(id) ON DELETE SET NULL (a) NOT VALID`,
      finishSql: `ALTER TABLE ONLY s."T ""1" VALIDATE CONSTRAINT "k;1"`,
    })
  })

  test.each([
    'EXCLUDE USING gist (span WITH &&)',
    'PRIMARY KEY (room, during WITHOUT OVERLAPS)',
    'CHECK ((a > 0)) NOT VALID',
    'NOT NULL a',
  ])('%s is left as it is', (rest) => expect(indexSteps('CONSTRAINT', key(rest))).toBeNull())

  test.each([
    key('FOREIGN KEY (a) REFERENCES s.p(id) NOT VALID'),
    key('FOREIGN KEY (a) REFERENCES s.p(id) NOT ENFORCED'),
    key('FOREIGN KEY (a) REFERENCES s.p(id) DEFERRABLE INITIALLY DEFERRED NOT VALID'),
    key('FOREIGN KEY (a) REFERENCES s.p(id)').replace(' ONLY', ''),
  ])('a foreign key that is not to be validated, or is of a partitioned table, is left as it is: %j', (sql) =>
    expect(foreignKeySteps(sql)).toBeNull(),
  )
})

describe('the foreign key of a partitioned table', () => {
  const add = (table: string, name: string, rest: string) =>
    `ALTER TABLE public.${table}\n    ADD CONSTRAINT ${name} FOREIGN KEY (a) REFERENCES public.${rest};\n`
  const key = (id: number, sql: string, dependencies: number[]) =>
    entry(id, 'FK CONSTRAINT', `root k${id}`, { sql, dependencies })
  const partitioned = (id: number, tag: string, dependencies: number[] = []) =>
    entry(id, 'TABLE', tag, { relationKind: 'p', dependencies })
  const tree = [
    entry(1, 'TABLE', 'plain'),
    partitioned(2, 'root'),
    partitioned(3, 'middle', [2]),
    entry(4, 'TABLE', 'leaf', { dependencies: [3] }),
    entry(5, 'TABLE ATTACH', 'middle', { dependencies: [3, 2] }),
    entry(6, 'TABLE ATTACH', 'leaf', { dependencies: [4, 3] }),
    partitioned(7, 'other'),
  ]
  const big = { ...noRelation, bytes: 5 * 1024 ** 2 }
  /** Each of two partitions is small, together they are not. */
  const relations = new Map([
    [1, { ...noRelation, oid: 1, name: 'plain' }],
    [4, { ...big, oid: 4, name: 'leaf' }],
    [8, { ...big, oid: 8, name: 'second' }],
  ])
  const second = [
    entry(8, 'TABLE', 'second', { dependencies: [2] }),
    entry(9, 'TABLE ATTACH', 'second', { dependencies: [8, 2] }),
  ]
  const inSteps = (keys: TocEntry[], destinationVersion: number) =>
    plan([...tree, ...second, ...keys], { relations }, [], destinationVersion)
      .filter(({ kind }) => kind === 'FK CONSTRAINT')
      .map(({ buildSql }) => buildSql !== null)
  const toPlain = key(20, add('root', 'k', 'plain(id)'), [2, 1])

  test('waits for the rows of all its partitions, and counts them', () => {
    const [object] = plan([...tree, ...second, toPlain], { relations }).filter(({ kind }) => kind === 'FK CONSTRAINT')
    expect(object).toMatchObject({ bytes: 10 * 1024 ** 2, rowsOf: expect.arrayContaining([4, 8]) })
    expect(object?.buildSql).toBe(
      `SELECT sampan.begin_key('run', 20, 'public.root', 'k', 'FOREIGN KEY (a) REFERENCES public.plain(id)', 8388608)`,
    )
    expect(object?.finishSql).toBe('ALTER TABLE public.root VALIDATE CONSTRAINT k')
  })

  test.each([
    { what: 'alone', keys: [toPlain], on: [110_000, 120_000, 180_000], expected: [false, true, true] },
    {
      what: 'that references a partitioned table',
      keys: [key(20, add('root', 'k', 'other(id)'), [2, 7])],
      on: [170_000, 180_000],
      expected: [false, true],
    },
    {
      what: 'that references itself',
      keys: [key(20, add('root', 'k', 'root(id)'), [2])],
      on: [170_000, 180_000],
      expected: [false, true],
    },
  ])('$what is made in steps where the server can', ({ keys, on, expected }) =>
    expect(on.flatMap((version) => inSteps(keys, version))).toEqual(expected),
  )

  test('before 18 is made in one where the server could take over another', () => {
    const equal = key(21, add('root', 'l', 'plain(id) ON DELETE CASCADE'), [2, 1])
    const unequal = key(21, add('root', 'l', 'plain(other)'), [2, 1])
    const below = key(21, add('middle', 'l', 'plain(other)'), [3, 1])
    expect(inSteps([toPlain, equal], 170_000)).toEqual([false, false])
    expect(inSteps([toPlain, unequal], 170_000)).toEqual([true, true])
    expect(inSteps([toPlain, below], 170_000)[0]).toBe(false)
  })
})

describe('a build', () => {
  const megabyte = 1024 ** 2
  const untouched = {
    sharedBuffers: 128 * megabyte,
    effectiveCacheSize: 4096 * megabyte,
    maintenanceWorkMem: 64 * megabyte,
    maintenanceWorkers: 2,
    parallelWorkers: 8,
  }
  const large = { ...untouched, sharedBuffers: 16_384 * megabyte, effectiveCacheSize: 32_768 * megabyte }

  test('on a server whose settings nobody touched takes what they give', () => {
    expect(tune(untouched, 1e12, 4)).toEqual({ maintenanceWorkMem: 64 * megabyte, maintenanceWorkers: 2 })
    expect(tune({ ...untouched, maintenanceWorkers: null }, 1e12, 1).maintenanceWorkers).toBeNull()
  })

  test('takes more of a large one, the more the fewer there are, and no more than it needs', () => {
    expect(tune(large, 1e12, 8)).toEqual({ maintenanceWorkMem: 2048 * megabyte, maintenanceWorkers: 2 })
    expect(tune(large, 1e12, 1)).toEqual({ maintenanceWorkMem: 2048 * megabyte, maintenanceWorkers: 8 })
    expect(tune(large, 100 * megabyte, 1).maintenanceWorkMem).toBe(100 * megabyte)
    expect(tune({ ...large, maintenanceWorkMem: 4e9 }, 1e6, 1).maintenanceWorkMem).toBe(4e9)
  })
})

describe('a database that has to be made', () => {
  const form = { name: 'x', encoding: 'UTF8', collate: 'C', ctype: 'C', provider: 'i', locale: 'de-DE', rules: null }

  test('gets the source’s provider where the server knows it', () => {
    expect(createDatabaseSql('a"b', form, 180_000)).toBe(
      `CREATE DATABASE "a""b" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'`,
    )
    expect(createDatabaseSql('x', form, 140_000)).not.toContain('PROVIDER')
    expect(createDatabaseSql('x', { ...form, provider: 'b' }, 160_000)).toContain('LOCALE_PROVIDER libc')
    const tailored = { ...form, rules: '& V << w' }
    expect(createDatabaseSql('x', tailored, 160_000)).toMatch(/ICU_LOCALE 'de-DE' ICU_RULES '& V << w'$/)
    expect(createDatabaseSql('x', tailored, 150_000)).not.toContain('RULES')
  })
})

test('a destination that knows no lz4 gets the table without it, and that is told', () => {
  const sql = `CREATE TABLE public.t (\n    a text,\n    b text\n);\nALTER TABLE ONLY public.t ALTER COLUMN a SET COMPRESSION lz4;\nALTER TABLE ONLY public.t ALTER COLUMN b SET COMPRESSION pglz;\n`
  const without = withoutLz4({ verdict: 'migrate', sql })
  expect(without).toMatchObject({ verdict: 'transform', reason: expect.stringContaining('knows no lz4') })
  expect(without.verdict === 'skip' ? null : without.sql).toBe(
    sql.replace('ALTER TABLE ONLY public.t ALTER COLUMN a SET COMPRESSION lz4;\n', ''),
  )
  expect(withoutLz4({ verdict: 'migrate', sql: sql.replace('lz4', 'pglz') }).verdict).toBe('migrate')
})

test('rights of the account that only reads the source are no loss, and no line each; of one that owns something they are', () => {
  const grants = (owner: string) => [
    entry(1, 'TABLE', 't', { owner }),
    entry(2, 'TABLE', 'u'),
    entry(3, 'ACL', 'TABLE t', { dependencies: [1], sql: 'GRANT SELECT ON TABLE public.t TO reader;\n' }),
    entry(4, 'ACL', 'TABLE u', {
      dependencies: [2],
      sql: 'GRANT SELECT ON TABLE public.u TO reader;\nGRANT ALL ON TABLE public.u TO app;\n',
    }),
  ]
  const rights = (owner: string) =>
    plan(grants(owner), {}, ['app', 'owner'])
      .filter(({ kind }) => kind === 'ACL')
      .map(({ name, verdict, sql }) => `${verdict} ${name}: ${sql.trim()}`)
  expect(rights('owner')).toEqual(['migrate TABLE u: GRANT ALL ON TABLE public.u TO app;'])
  expect(rights('reader')).toEqual(['skip TABLE t: ', 'transform TABLE u: GRANT ALL ON TABLE public.u TO app;'])
})
