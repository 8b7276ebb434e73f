import { describe, expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { otherServer15, sharedServer } from '../support/servers.ts'

describe('row security', () => {
  test('a restrictive policy restricts every role that is there, and of one that restricts nobody it is told', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('policies')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    const policies = run.objects.filter(({ kind }) => kind === 'POLICY')
    expect(Object.fromEntries(policies.map(({ name, status, reason }) => [name, `${status}: ${reason}`]))).toEqual({
      'public.doc all_rows': 'migrated: null',
      'public.doc no_secrets': 'transformed: the destination has no role gone32: it holds for app32, member32',
      'public.doc for_nobody': 'skipped: the destination has no role gone32',
      'public.alone all_rows': 'migrated: null',
      'public.alone to TO nobody':
        'skipped: the destination has no role lonely32, the only one that it takes rows from',
    })
  })
})

describe('accounts that are no superusers', () => {
  test('what they may not see or make is told, and without its policy nobody sees a table’s rows', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('publications-mappings')).run()
    expect(run.named('failed')).toEqual(['POLICY public.doc all_rows', 'POLICY public.doc no_secrets'])
    expect(run.named('blocked')).toEqual(['ACL TABLE public.doc', 'ACL COLUMN public.doc.id'])
    const [publications, mappings, rights] = await run.destinationChecks()
    expect(publications).toEqual([
      ['everything', 'other', 'T'],
      ['everything', 'public', 'cut_1'],
      ['everything', 'public', 'doc'],
      ['part', 'other', 'T'],
    ])
    expect(mappings).toEqual([
      ['app14', null],
      ['public', null],
    ])
    expect(rights).toEqual([['f', 't']])
    // Who owns them is another matter.
    const transformed = run.objects.filter(
      ({ kind, status }) => status === 'transformed' && /^(PUBLICATION|USER MAPPING)/.test(kind),
    )
    expect(transformed.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
      'PUBLICATION TABLES IN SCHEMA other.part other',
      'PUBLICATION everything',
      // It belongs to the account now.
      'PUBLICATION part',
      'USER MAPPING USER MAPPING app14 SERVER far',
      'USER MAPPING USER MAPPING public SERVER far',
    ])
    expect(transformed.find(({ kind }) => kind === 'USER MAPPING')?.reason).toContain(
      'ALTER USER MAPPING FOR app14 SERVER far OPTIONS (ADD user …, ADD password …)',
    )
  })
})

describe('owners', () => {
  test('of the schema public is the one that the source has', { tags: 'long' }, async () => {
    const run = await (await openCase('owner-of-public')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(run.named('transformed')).toEqual([])
  })

  test('that exist on the destination are kept, and what they decide shows what it showed', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('owners')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(await run.differences()).toEqual([])
  })

  test.each([
    [15, otherServer15, []],
    [18, async () => sharedServer(18), ['boss43', 'low43', 'reader43']],
  ] as const)(
    'are given by an account that is no superuser too, on %d, and what it borrowed is given back',
    { tags: 'long' },
    async (version, server, administered) => {
      const run = await (await openCase('owners-plain', { destination: await server() })).run()
      expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
      expect(await run.checks()).toEqual([])
      const [memberships, borrowed] = await run.destinationChecks()
      expect(memberships).toEqual(administered.map((role) => [role, 't']))
      const by = version === 18 ? ' GRANTED BY mover43' : ''
      expect(borrowed).toEqual([
        ['boss43', expect.stringContaining('REVOKE CREATE ON DATABASE'), 't'],
        ['boss43', 'REVOKE CREATE ON SCHEMA public FROM boss43', 't'],
        ['boss43', `REVOKE boss43 FROM mover43${by}`, 't'],
        ['low43', 'REVOKE CREATE ON SCHEMA own FROM low43', 't'],
        ['low43', 'REVOKE CREATE ON SCHEMA public FROM low43', 't'],
        ['low43', `REVOKE low43 FROM mover43${by}`, 't'],
      ])
      expect(run.objects.find(({ kind, name }) => kind === 'VIEW' && name === 'public.of_gone')).toMatchObject({
        status: 'transformed',
        reason: 'its owner gone43 is not on the destination: it belongs to mover43',
      })
      expect(run.findings.find(({ code }) => code === 'OWNERS_NOT_KEPT')?.details).toEqual([
        'view public.of_gone: it reads the row-secured public.doc; its owner gone43 is not on the destination',
      ])
    },
  )
})

describe('rights on what is the server’s', () => {
  test('are left out with a reason where the account may not give them, and fail nothing', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('rights-of-the-server')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(run.named('failed')).toEqual([])
    const left = run.objects.filter(({ status, reason }) => status === 'skipped' && reason !== null)
    expect(left.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
      expect.arrayContaining([
        'ACL FUNCTION pg_catalog.pg_read_file(text)',
        'ACL FUNCTION pg_catalog.pg_sleep(double precision)',
        'ACL COLUMN pg_catalog.pg_subscription.subconninfo',
      ]),
    )
    const [rights] = await run.destinationChecks()
    // By the source's default privileges nobody but the owner may execute the function.
    expect(rights?.[0]?.slice(0, 3)).toEqual(['f', 't', 't'])
  })

  test('that PostgreSQL only warns of are not told as migrated, and what everybody keeps is asked for before', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('grants-that-only-warn')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(run.findings.find(({ code }) => code === 'RIGHTS_NOT_TAKEN')?.details).toEqual([
      'REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC',
      'REVOKE EXECUTE ON FUNCTION public.citext_hash(public.citext) FROM PUBLIC',
      'REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC',
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      'REVOKE USAGE ON SCHEMA public FROM PUBLIC',
    ])
    const rights = run.objects.filter(({ kind }) => kind === 'ACL')
    expect(rights.map(({ name, status }) => `${name} ${status}`).toSorted()).toEqual([
      'FUNCTION pg_catalog.pg_sleep(double precision) skipped',
      'FUNCTION public.citext_hash(public.citext) skipped',
      'LANGUAGE plpgsql skipped',
      'SCHEMA public skipped',
    ])
    const reason = 'the account may not give or take rights on'
    expect(rights.map((right) => right.reason)).toEqual(rights.map(() => expect.stringContaining(reason)))
  })
})

describe('roles that the task maps', () => {
  test('are owners, hold rights and are bound by policies under their names there, and those it drops are not', {
    tags: 'long',
  }, async () => {
    const run = await (await openCase('roles-mapped')).run({ precheck: { acknowledge: ['OWNERS_NOT_KEPT'] } })
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(await run.checks()).toEqual([])
    expect(run.events.filter(({ code }) => /^RIGHTS_(WIDER|NARROWER)$/.test(code))).toEqual([])
    const [owners, rights, columns, policies, defaults, schemas, functions] = await run.destinationChecks()
    expect(owners).toEqual([
      ['doc', 'app_ali71'],
      ['of_reader', 'mover71'],
      ['own.t', 'Chief 71'],
      ['v', 'Chief 71'],
    ])
    expect(rights).toEqual([
      ['doc', 'Chief 71', 'SELECT'],
      ['doc', 'unknown (OID=0)', 'SELECT'],
      ['of_reader', 'app_ali71', 'SELECT'],
      ['own.t', 'app_ali71', 'INSERT*,SELECT*'],
      ['v', 'app_ali71', 'SELECT'],
    ])
    expect(columns).toEqual([['c d', 'app_ali71']])
    expect(policies).toEqual([
      ['opened', '{"Chief 71",app_ali71}'],
      ['seen', '{"Chief 71"}'],
    ])
    expect(defaults).toEqual([['app_ali71', 'Chief 71', 'INSERT,SELECT']])
    expect(schemas).toEqual([['own', 'Chief 71', 't', 'f']])
    expect(functions).toEqual([['Chief 71', 't', 'f']])
    const told = run.objects.filter(({ status }) => status === 'transformed' || status === 'skipped')
    const dropped = 'reader71 (dropped by the task)'
    expect(Object.fromEntries(told.map(({ kind, name, reason }) => [`${kind} ${name}`, reason]))).toMatchObject({
      'TABLE public.of_reader': `its owner ${dropped} is not on the destination: it belongs to mover71`,
      'ACL TABLE own.t': `the destination has no role ${dropped}`,
      'POLICY public.doc readers': `the destination has no role ${dropped}`,
      'POLICY public.doc seen': `the destination has no role ${dropped}: it holds for Chief 71`,
    })
  })

  test.each([
    [15, otherServer15],
    [18, async () => sharedServer(18)],
  ] as const)(
    'are made without a login where it wants that, on %d, if what comes names them',
    { tags: 'long' },
    async (_, server) => {
      const { source, run: start } = await openCase('roles-made', { destination: await server() })
      const run = await start({ databases: [{ name: source.name, as: source.name, exclude: ['hidden.*'] }] })
      expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
      expect(await run.checks()).toEqual([])
      const [roles, owners, rights] = await run.destinationChecks()
      expect(roles).toEqual([
        ['App $sampan$72', 'f', 't', 'f'],
        ['boss72', 'f', 't', 'f'],
        ['mover72', 't', 'f', 't'],
      ])
      expect(owners).toEqual([
        ['t', 'boss72'],
        ['v', 'App $sampan$72'],
      ])
      expect(rights).toEqual([['App $sampan$72', 'SELECT']])
      expect(run.objects.filter(({ kind }) => kind === 'ROLE').map(({ name, status }) => [name, status])).toEqual([
        ['App $sampan$72', 'transformed'],
        ['boss72', 'transformed'],
      ])
      expect(JSON.stringify(run.report)).not.toContain('not to be seen')
    },
  )
})
