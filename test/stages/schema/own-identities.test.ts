import { expect, test } from 'vitest'
import { withOwnIdentities } from '../../../lambdas/stages/schema/plan/own-identities.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'

const entry = (kind: string, oid: number, tag: string, sql: string) =>
  ({ kind, schema: 'public', oid, tag, sql }) as TocEntry

test('tables and indexes are planned with the identity that they have but for being followed', () => {
  const table = 'CREATE TABLE public."a;b" (\n    a integer\n);\n'
  const index = 'CREATE UNIQUE INDEX "its ""own" ON public.c USING btree (a);\n'
  const own = 'CREATE TABLE public.d (\n    a integer\n);\n\nALTER TABLE ONLY public.d REPLICA IDENTITY FULL;\n'
  const entries = [
    entry('TABLE', 1, 'a;b', `${table}\nALTER TABLE ONLY public."a;b" REPLICA IDENTITY FULL;\n`),
    entry('INDEX', 9, 'its "own', `${index}\nALTER TABLE ONLY public.c REPLICA IDENTITY USING INDEX "its ""own";\n`),
    entry('TABLE', 3, 'd', own),
    entry('TABLE', 4, 'e', 'CREATE TABLE public.e ();\n'),
  ]
  const changed = [
    { oid: 1, schema: 'public', name: 'a;b', from: 'd', index: null },
    { oid: 2, schema: 'public', name: 'c', from: 'd', index: 'its "own' },
    { oid: 4, schema: 'public', name: 'e', from: 'n', index: null },
  ] as const
  expect(withOwnIdentities(entries, changed).map(({ sql }) => sql)).toEqual([
    table,
    index,
    own,
    'CREATE TABLE public.e ();\n\nALTER TABLE ONLY "public"."e" REPLICA IDENTITY NOTHING;\n',
  ])
})
