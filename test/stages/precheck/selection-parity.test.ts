import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { openDestination, openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { databaseSchema, type TaskDatabase } from '../../../lambdas/core/task/databases.ts'
import { select } from '../../../lambdas/core/task/select/select.ts'
import { relationKinds } from '../../../lambdas/core/task/select/selectable.ts'
import { selectionOf } from '../../../lambdas/core/task/selection.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { choice } from '../../../lambdas/stages/precheck/facts/relations.ts'
import { dumpObjects } from '../../../lambdas/stages/schema/pgdump/dump-objects.ts'
import { completeEntries } from '../../../lambdas/stages/schema/plan/complete.ts'
import { readPlanInput } from '../../../lambdas/stages/schema/plan/plan-input.ts'
import { readFilter } from '../../../lambdas/stages/schema/select/filter.ts'
import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

type Lists = Pick<TaskDatabase, 'include' | 'exclude'>

/** What each of the two rooms says of one database. */
interface Both {
  readonly relations: readonly string[]
  /** What of `include` names only what is excluded again, as the precheck says it. */
  contradicted(lists: Lists): readonly string[]
  planned(lists: Lists): {
    readonly chosen: readonly string[]
    readonly inVain: readonly string[]
    readonly along: readonly string[]
  }
  checked(lists: Lists): Promise<{
    readonly chosen: readonly string[]
    readonly inVain: readonly string[]
    readonly along: readonly string[]
  }>
}

const sessions: Session[] = []
afterAll(() => Promise.all(sessions.map((session) => session.close())))

async function openBoth(sql: string, major: 15 | 18): Promise<Both> {
  const database = await createDatabase(sharedServer(major), sql)
  const other = await createDatabase(sharedServer(18))
  const named = { name: database.name, as: other.name }
  const event = { ...stepEvent(database, other, { databases: [named] }), database: named }
  const environment = {}
  const [source, destination] = await Promise.all([
    openSource(event, environment, { purpose: 'parity' }),
    openDestination(event, environment, { purpose: 'parity' }),
  ])
  sessions.push(source, destination)
  const { archive } = await dumpObjects(event, {
    environment,
    signal: AbortSignal.timeout(60_000),
    timeout: () => 60_000,
  })
  const input = await readPlanInput(event, environment, named, archive, { source, destination })
  const entries = completeEntries(input.entries, input.facts)
  const answers = new Map<string, Promise<unknown[]>>()
  const remembering = {
    serverVersion: source.serverVersion,
    rows(query: string) {
      const answer = answers.get(query) ?? source.rows(query)
      answers.set(query, answer as Promise<unknown[]>)
      return answer
    },
  }
  const relations = entries.filter(isRelation)
  const schemas = entries.filter(({ kind }) => kind === 'SCHEMA').map(({ tag }) => tag)
  return {
    relations: relations.map(nameOf),
    contradicted: (lists) =>
      selectionOf(lists).contradictedPatterns(
        relations.map(({ schema, tag }) => ({ schema: schema ?? '', name: tag })),
        schemas,
      ),
    planned({ include, exclude }) {
      const { leftOut, inVain, along } = select(entries, readFilter(include, exclude, entries))
      const chosen = entries.filter((entry) => isRelation(entry) && !leftOut.has(entry.id))
      return {
        chosen: chosen.map(nameOf).sort(),
        inVain: inVain.map(({ entry }) => lastName(entry.tag)).sort(),
        along: along.map(nameOf).sort(),
      }
    },
    async checked(lists) {
      const context = {
        source: remembering,
        selection: selectionOf(lists),
        fact: (load: (context: CheckContext) => unknown) => load(context),
      } as unknown as CheckContext
      const { chosen, inVain, along } = await choice(context)
      const shown = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`
      return {
        chosen: chosen.map(shown).sort(),
        inVain: inVain.map(({ name }) => lastName(name)).sort(),
        along: along.map(shown).sort(),
      }
    },
  }
}

const isRelation = ({ kind, schema }: TocEntry) => relationKinds.has(kind) && schema !== null
/** Of `public.orders`, `trigger public.orders.audit` and `orders audit`. */
const lastName = (text: string) => text.split(/[ .]/).at(-1)?.replaceAll('"', '') ?? ''
const nameOf = ({ schema, tag }: Pick<TocEntry, 'schema' | 'tag'>) => `${schema}.${tag}`

const quoted = (name: string) =>
  name.replace(/^([^.]*)\.(.*)$/s, (_, schema, table) => `${quote(schema)}.${quote(table)}`)
const quote = (part: string) => `"${part.replaceAll('"', '""')}"`

const chained = `
  CREATE TABLE address (street text); CREATE TABLE person (id serial, lives address[]);
  CREATE DOMAIN home AS address; CREATE TYPE pair AS (first home); CREATE TABLE couple (two pair);
  CREATE FUNCTION streets() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM address; END;
  CREATE VIEW counted AS SELECT streets() AS n; CREATE TABLE defaulted (n bigint DEFAULT streets());
  CREATE TABLE checked (n int CHECK (n < streets())); CREATE TABLE generated (a text, b text GENERATED ALWAYS AS (a || 'x') STORED);
  CREATE SEQUENCE shared; CREATE TABLE uses (a int DEFAULT nextval('shared')); CREATE TABLE too (a int DEFAULT nextval('shared'));
  CREATE FUNCTION same(address, address) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
  CREATE OPERATOR === (LEFTARG = address, RIGHTARG = address, FUNCTION = same);
  CREATE VIEW operated AS SELECT NULL::address === NULL::address AS a;
  CREATE AGGREGATE summed(bigint) (SFUNC = int8pl, STYPE = bigint); CREATE VIEW aggregated AS SELECT summed(1) AS a;
  CREATE TABLE typed OF pair; CREATE TABLE like_it (LIKE person); CREATE MATERIALIZED VIEW filled AS SELECT * FROM counted;
  CREATE TABLE base (id int PRIMARY KEY, v text); CREATE TABLE derived (b int) INHERITS (base); CREATE TABLE second (c int) INHERITS (derived);
  CREATE VIEW grouped AS SELECT id, v FROM base GROUP BY id;
  CREATE TABLE parted (a int, b address) PARTITION BY RANGE (a);
  CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (a);
  CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES FROM (1) TO (5); CREATE TABLE part_2 PARTITION OF parted DEFAULT;
  CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY, base_id int REFERENCES base);
  CREATE SCHEMA away; CREATE VIEW away.far AS SELECT * FROM person; CREATE TYPE away.mood AS ENUM ('a');
  CREATE TABLE moody (a away.mood DEFAULT 'a'); CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER fires BEFORE INSERT ON moody FOR EACH ROW EXECUTE FUNCTION fires();
  CREATE TABLE guarded (a int); CREATE POLICY reads ON guarded USING (a IN (SELECT a FROM uses));
  CREATE RULE copies AS ON INSERT TO guarded DO ALSO INSERT INTO too VALUES (1);
  CREATE INDEX by_streets ON checked ((n + 1)); CREATE VIEW "Odd ""View""" AS SELECT a FROM moody`

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

describe('the precheck and the plan choose the same', () => {
  test.each([
    ['chains of every kind', 15, () => Promise.resolve(chained)],
    ['chains of every kind', 18, () => Promise.resolve(chained)],
    ['all kinds of objects', 15, () => read('../schema/all-kinds.sql')],
    ['what only 18 knows', 18, () => read('../schema/all-kinds-18.sql')],
  ] as const)('%s, on %s', async (_, major, sql) => {
    const both = await openBoth(await sql(), major)
    expect(both.relations.length).toBeGreaterThan(3)
    const names = both.relations.map(quoted)
    const agree = async (lists: Lists) => {
      const contradicted = both.contradicted(lists)
      if (contradicted.length > 0) {
        expect(() => both.planned(lists), JSON.stringify(lists)).toThrow(`all that ${contradicted.join(', ')} of`)
        return
      }
      expect(await both.checked(lists), JSON.stringify(lists)).toEqual(both.planned(lists))
    }
    const schemas = [...new Set(both.relations.map((name) => `${quote(name.slice(0, name.indexOf('.')))}.*`))]
    for (const name of [...names, ...schemas]) {
      await agree({ include: [name], exclude: [] })
      await agree({ include: ['*.*'], exclude: [name] })
    }
    const some = fc.uniqueArray(fc.constantFrom(...names, ...schemas), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(some, some, async (include, exclude) => {
        await agree({ include: include.length === 0 ? ['*.*'] : include, exclude })
      }),
      { numRuns: 200 },
    )
  })

  test('of what is excluded by its kind', async () => {
    const both = await openBoth(`CREATE EXTENSION hstore; CREATE TABLE tagged (a hstore); ${chained}`, 15)
    for (const exclude of [
      { kind: 'FUNCTION', name: 'streets()' },
      { kind: 'TYPE', name: 'pair' },
      { kind: 'TYPE', schema: 'away' },
      { kind: 'DOMAIN' },
      { kind: 'OPERATOR', name: '=?=' },
      { kind: 'AGGREGATE', name: 'summed(bigint)' },
      { kind: 'EXTENSION', name: 'hstore' },
      { kind: 'TRIGGER', table: 'moody' },
    ]) {
      const lists = databaseSchema.parse({ name: 'd', exclude: [exclude] })
      const planned = both.planned(lists)
      expect(await both.checked(lists), JSON.stringify(exclude)).toEqual(planned)
      expect(planned.inVain.length > 0, JSON.stringify(exclude)).toBe(exclude.kind !== 'TRIGGER')
    }
  })
})
