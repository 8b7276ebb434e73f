import { describe, expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

describe('row security', () => {
  test('a restrictive policy restricts every role that is there, and of one that restricts nobody it is told', async () => {
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
  test('what they may not see or make is told, and without its policy nobody sees a table’s rows', async () => {
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
    const transformed = run.objects.filter(({ status }) => status === 'transformed')
    expect(transformed.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
      'PUBLICATION TABLES IN SCHEMA other.part other',
      'PUBLICATION everything',
      'USER MAPPING USER MAPPING app14 SERVER far',
      'USER MAPPING USER MAPPING public SERVER far',
    ])
    expect(transformed.find(({ kind }) => kind === 'USER MAPPING')?.reason).toContain(
      'ALTER USER MAPPING FOR app14 SERVER far OPTIONS (ADD user …, ADD password …)',
    )
  })
})
