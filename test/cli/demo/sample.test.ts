import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadSample, type Sample } from '../../../cli/demo/sample.ts'
import { adoptDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

describe.each([15, 18] as const)('the sample database on PostgreSQL %d', (major) => {
  let sample: Sample
  let database: TestDatabase

  beforeAll(async () => {
    const name = `shop ${randomUUID()}`
    sample = await loadSample(sharedServer(major), name)
    database = adoptDatabase(sharedServer(major), name)
  })

  test('is large enough to be worth a look', () => {
    expect(sample.tables).toBeGreaterThanOrEqual(15)
    expect(sample.rows).toBeGreaterThan(190_000)
    expect(sample.rows).toBeLessThan(250_000)
  })

  test.each([
    [
      'a table without a key',
      `FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'shop'::regnamespace AND reltuples > 1000 AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique)`,
    ],
    ['rows that are truly equal', 'FROM shop.page_view GROUP BY day, page, visitor, seconds HAVING count(*) >= 3'],
    ['partitions of partitions', `FROM pg_class WHERE relkind = 'p' AND relispartition`],
    ['a default partition', `FROM pg_partitioned_table WHERE partdefid > 0`],
    [
      'classic inheritance',
      `FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r' AND NOT c.relispartition`,
    ],
    [
      'enum, domain, composite and range',
      `FROM pg_type t LEFT JOIN pg_class c ON c.oid = typrelid WHERE typnamespace = 'shop'::regnamespace AND (typtype <> 'c' OR c.relkind = 'c') GROUP BY () HAVING count(DISTINCT typtype) FILTER (WHERE typtype IN ('e', 'd', 'c', 'r')) = 4`,
    ],
    [
      'a view on a view',
      `FROM information_schema.view_table_usage u JOIN information_schema.views v USING (table_schema, table_name) WHERE u.view_schema = 'shop'`,
    ],
    ['a materialized view with an index', `FROM pg_matviews WHERE hasindexes`],
    [
      'functions in SQL and PL/pgSQL, a procedure, an aggregate',
      `FROM pg_proc JOIN pg_language l ON l.oid = prolang WHERE pronamespace = 'shop'::regnamespace GROUP BY () HAVING count(DISTINCT (lanname, prokind)) >= 4`,
    ],
    ['an operator', `FROM pg_operator WHERE oprnamespace = 'shop'::regnamespace`],
    ['a trigger that fires even for replicas', `FROM pg_trigger WHERE tgenabled = 'A'`],
    ['a rule', `FROM pg_rules WHERE schemaname = 'shop'`],
    [
      'foreign keys in a cycle',
      `FROM pg_constraint a JOIN pg_constraint b ON a.conrelid = b.confrelid AND b.conrelid = a.confrelid WHERE a.contype = 'f' AND b.contype = 'f' AND a.conrelid <> b.conrelid`,
    ],
    ['a deferred constraint', `FROM pg_constraint WHERE condeferred`],
    [
      'a sequence that was called, and one that was not',
      `FROM pg_sequences WHERE schemaname = 'shop' GROUP BY () HAVING count(last_value) > 0 AND count(*) > count(last_value)`,
    ],
    [
      'identity and generated columns',
      `FROM pg_attribute GROUP BY () HAVING bool_or(attidentity = 'a') AND bool_or(attidentity = 'd') AND bool_or(attgenerated = 's')`,
    ],
    ['a large object', 'FROM pg_largeobject_metadata'],
    [
      'names with quotes, line breaks and emoji',
      `FROM pg_attribute WHERE attname LIKE '%🎁%' OR attname LIKE E'%\\n%'`,
    ],
    ['comments', 'FROM pg_description WHERE objoid >= 16384'],
    ['row-level security', 'FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE c.relforcerowsecurity'],
    ['an exclusion constraint', `FROM pg_constraint WHERE contype = 'x'`],
    ['partial and expression indexes', 'FROM pg_index GROUP BY () HAVING count(indpred) > 0 AND count(indexprs) > 0'],
    ['extended statistics', 'FROM pg_statistic_ext'],
    ['a table without columns that has rows', 'FROM shop.door_bell'],
    ['rights of a role', `FROM information_schema.role_table_grants WHERE grantee = 'shop_reader'`],
    ['extensions', `FROM pg_extension WHERE extname = 'pg_trgm'`],
  ])('has %s', async (_what, from) => {
    expect((await database.query(`SELECT 1 AS found ${from} LIMIT 1`)).length).toBe(1)
  })
})
