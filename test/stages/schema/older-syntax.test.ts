import { expect, test } from 'vitest'
import { inOlderSyntax } from '../../../lambdas/stages/schema/plan/older-syntax.ts'
import { entry } from './entries.ts'

const rewrite = (kind: string, sql: string, version: number) => inOlderSyntax(entry(1, kind, 'x', { sql }), version).sql

test('before 15 an identity’s sequence is as its table is, and nothing says so', () => {
  const sql = `ALTER TABLE public."LOGGED
" ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.t_id_seq
    LOGGED
    START WITH 1
    CACHE 1
);
`
  expect(rewrite('SEQUENCE', sql, 140_000)).toBe(sql.replace('    LOGGED\n', ''))
  expect(rewrite('SEQUENCE', sql, 150_000)).toBe(sql)
})

const child = `CREATE FOREIGN TABLE public."a (b" (
    NOT NULL id,
    own numeric(10,2) DEFAULT '1, NOT NULL x'::text NOT NULL,
    CONSTRAINT c CHECK ((id = ANY (ARRAY[1, 2]))),
    NOT NULL "odd, ""(name"
)
INHERITS (public.p)
SERVER s;
`

test('before 18 what a child alone requires of an inherited column follows its table', () => {
  expect(rewrite('FOREIGN TABLE', child, 170_000)).toBe(`CREATE FOREIGN TABLE public."a (b" (
    own numeric(10,2) DEFAULT '1, NOT NULL x'::text NOT NULL,
    CONSTRAINT c CHECK ((id = ANY (ARRAY[1, 2])))
)
INHERITS (public.p)
SERVER s;

ALTER FOREIGN TABLE ONLY public."a (b" ALTER COLUMN id SET NOT NULL;
ALTER FOREIGN TABLE ONLY public."a (b" ALTER COLUMN "odd, ""(name" SET NOT NULL;
`)
  expect(rewrite('FOREIGN TABLE', child, 180_000)).toBe(child)
})

test('a table without such an item stays as it is written', () => {
  const sql = `CREATE TABLE public.t (\n    "NOT NULL" integer NOT NULL,\n    b text DEFAULT '(\n    NOT NULL id,\n'\n);\n`
  expect(rewrite('TABLE', sql, 100_000)).toBe(sql)
})
