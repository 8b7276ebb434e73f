import { expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { selectionOf } from '../../../lambdas/core/task/selection.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { chosenRelations, type sourceRelations } from '../../../lambdas/stages/precheck/facts/relations.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { itemFor, itemOf, precheck } from './prechecks.ts'

const elsewhere = { host: 'elsewhere.example', user: 'u', secret: 'env:NONE' }

const schema = `
  CREATE TABLE base (id serial PRIMARY KEY); CREATE TABLE derived (b int) INHERITS (base);
  CREATE VIEW on_base AS SELECT * FROM base; CREATE VIEW on_view AS SELECT * FROM on_base;
  CREATE SEQUENCE shared; CREATE TABLE uses (a int DEFAULT nextval('shared'));
  CREATE TABLE parted (a int) PARTITION BY RANGE (a);
  CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (1) TO (10) PARTITION BY RANGE (a);
  CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES FROM (1) TO (5);
  CREATE TABLE alone (id int GENERATED ALWAYS AS IDENTITY)`

test.each([
  [['*.*'], ['public.base'], 'alone alone_id_seq part_1 part_1_1 parted shared uses'],
  [['public.on_view'], [], 'base base_id_seq on_base on_view'],
  [['public.derived'], [], 'base base_id_seq derived'],
  [['public.uses'], [], 'shared uses'],
  [['public.parted'], [], 'part_1 part_1_1 parted'],
  [['public.parted'], ['public.part_1_1'], 'part_1 parted'],
  [['public.part_1_1'], [], 'part_1 part_1_1 parted'],
  [['public.alone'], ['public.alone_id_seq'], 'alone alone_id_seq'],
  [['public.on_view', 'public.alone'], ['public.on_base'], 'alone alone_id_seq'],
])('include %j, exclude %j chooses %s', async (include, exclude, expected) => {
  const source = await createDatabase(sharedServer(15), schema)
  const session = await openSource(stepEvent(source, source, { destination: elsewhere }), {}, { purpose: 'test' })
  const context = {
    source: session,
    selection: selectionOf({ include, exclude }),
    fact: (load: typeof sourceRelations) => load(context),
  } as unknown as CheckContext
  const chosen = await chosenRelations(context)
  await session.close()
  expect(chosen.map((relation) => relation.name).join(' ')).toBe(expected)
})

test('CHOSEN_CANNOT_COME: what is named and needs what is excluded is told, through row types, arrays, functions and views', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE address (street text); CREATE TABLE person (id int, lives address[]);
     CREATE DOMAIN home AS address; CREATE TYPE pair AS (first home); CREATE TABLE couple (two pair);
     CREATE FUNCTION streets() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM address; END;
     CREATE VIEW counted AS SELECT streets() AS n; CREATE TABLE checked (n int CHECK (n < streets()));
     CREATE TABLE plain (id int)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const item = await itemFor('CHOSEN_CANNOT_COME', source, destination, { exclude: ['public.address'] })
  expect(item).toMatchObject({ status: 'failed', level: 'warning', blocks: true })
  expect(item.details).toEqual(
    ['public.counted', 'public.couple', 'public.person', 'check constraint public.checked.checked_n_check'].map(
      (name) => `${name} needs public.address, which is excluded`,
    ),
  )
  const both = { exclude: ['public.address', 'public.c*', 'public.person'] }
  expect((await itemFor('CHOSEN_CANNOT_COME', source, destination, both)).status).toBe('passed')
  // What comes along is looked at as well: an object of its name on the destination is in the way.
  await destination.query('CREATE TABLE address (other int)')
  const along = await precheck(source, destination, { include: ['public.person'] })
  expect(itemOf(along, 'DST_OBJECTS_EXIST').details).toContain('table public.address')
})

test('COMES_ALONG: what no pattern names and something that is named needs is told, with its rows', async () => {
  const source = await createDatabase(sharedServer(15), schema)
  const destination = await createDatabase(sharedServer(18))
  const told = async (include: string[]) => await itemFor('COMES_ALONG', source, destination, { include })
  const item = await told(['public.on_view', 'public.uses', 'public.part_1_1', 'public.alone'])
  expect(item).toMatchObject({ status: 'failed', level: 'info', blocks: false })
  expect(item.details).toEqual([
    'table public.base',
    'view public.on_base',
    'table public.part_1',
    'table public.parted',
    'sequence public.shared',
  ])
  expect((await told(['public.parted', 'public.derived', 'public.base'])).status).toBe('passed')
  expect((await told(['*.*'])).status).toBe('passed')
})

test('what needs a function in C is told by name, however far it is from it, before anything is acknowledged', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE FUNCTION plus(int, int) RETURNS int IMMUTABLE LANGUAGE internal AS 'int4pl'; CREATE OPERATOR =+= (LEFTARG = int, RIGHTARG = int, FUNCTION = plus);
     CREATE VIEW sums AS SELECT 1 =+= 2 AS a; CREATE VIEW above AS SELECT * FROM sums; CREATE TABLE by_default (a int DEFAULT plus(1, 2));
     CREATE DOMAIN small AS int CHECK (plus(VALUE, 0) < 9); CREATE TABLE of_domain (a small); CREATE TABLE plain (a int PRIMARY KEY);
     UPDATE pg_proc SET prosrc = 'gone' WHERE proname = 'plus'`,
  )
  const destination = await createDatabase(sharedServer(15))
  const document = await precheck(source, destination)
  const reason = 'function public.plus(integer, integer): a function in the server’s internal language'
  expect(
    itemOf(document, 'CHOSEN_CANNOT_COME')
      .details.map((line) => line.slice(0, line.indexOf(' that the destination refuses')))
      .toSorted(),
  ).toEqual(
    [
      // The domain comes, and the tables of it: its check is an object of its own, made behind the rows.
      'check constraint public.small small_check',
      'operator public.=+=',
      'table public.by_default',
      'view public.above',
      'view public.sums',
    ].map((name) => `${name} needs ${reason}`),
  )
  const tolerant = await precheck(source, destination, { overrides: { onObjectError: 'continue' } })
  expect(itemOf(tolerant, 'CHOSEN_CANNOT_COME').status).toBe('passed')
})
