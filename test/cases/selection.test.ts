import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

const IN_VAIN = ['counted', 'couple', 'defaulted', 'person']

test('what is chosen and cannot come is refused before anything is written, and acknowledged it is left out by name', {
  tags: 'long',
}, async () => {
  const opened = await openCase('chosen-in-vain')
  const refused = await opened.run()
  expect(refused.outcome.exitStatus).toBe(3)
  const finding = refused.findings.find(({ code }) => code === 'CHOSEN_CANNOT_COME')
  expect(finding?.details).toEqual(IN_VAIN.map((name) => `public.${name} needs public.address, which is excluded`))
  expect(refused.summary).toContain('"precheck": {"acknowledge": ["CHOSEN_CANNOT_COME"]}')
  const left = await opened.run({ name: 'acknowledged', precheck: { acknowledge: ['CHOSEN_CANNOT_COME'] } })
  expect(left.outcome).toMatchObject({ exitStatus: 0, error: null })
  const skipped = left.objects
    .filter(({ status }) => status === 'skipped')
    .map(({ name }) => name.replace('public.', ''))
  for (const name of IN_VAIN) expect(skipped).toContain(name)
  expect(left.summary).toContain('4 chosen objects were left out, as acknowledged: ')
  expect(left.summary).toContain('public.person')
})

test('objects of every kind can be excluded; what needs them is told by name, the rest arrives', {
  tags: 'long',
}, async () => {
  const opened = await openCase('excluded-by-kind')
  const refused = await opened.run()
  const vain = refused.findings.find(({ code }) => code === 'CHOSEN_CANNOT_COME')
  expect(vain?.details.map((line) => line.replace(', which is excluded', '')).toSorted()).toEqual([
    'check constraint public.checked.checked_id_check needs function public.odd',
    'public.distant needs server far',
    'public.grouped needs public.reading',
    'public.odds needs function public.odd',
    'public.tagged needs extension hstore',
    'public.upon_grouped needs public.reading',
  ])
  expect(refused.findings.filter(({ blocks }) => blocks).map(({ code }) => code)).toEqual(['CHOSEN_CANNOT_COME'])
  const run = await opened.run({ name: 'excluded-by-kind-go', precheck: { acknowledge: ['CHOSEN_CANNOT_COME'] } })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  const [there] = await opened.destination.query(`
    SELECT (SELECT string_agg(pubname, ' ') FROM pg_publication) AS publications,
           (SELECT count(*) FROM pg_event_trigger) AS events,
           (SELECT string_agg(oid::regprocedure::text, ' ') FROM pg_proc WHERE proname = 'odd') AS functions,
           (SELECT string_agg(tgname, ' ') FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'orders'::regclass) AS triggers,
           (SELECT string_agg(polname, ' ') FROM pg_policy) AS policies,
           (SELECT count(*) FROM pg_rewrite WHERE rulename = 'copies') AS rules,
           (SELECT string_agg(srvname, ' ') FROM pg_foreign_server) AS servers,
           (SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension) AS extensions,
           (SELECT count(*) FROM pg_cast WHERE castsource = 'int8'::regtype AND casttarget = 'timestamp'::regtype) AS casts,
           (SELECT count(*) FROM pg_operator WHERE oprname = '===') AS operators,
           (SELECT count(*) FROM pg_largeobject_metadata) AS large,
           (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'f')) AS relations,
           (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM checked) AS checked,
           (SELECT string_agg(conname, ' ') FROM pg_constraint WHERE conrelid = 'checked'::regclass AND contype = 'c') AS checks`)
  expect(there).toEqual({
    publications: 'kept',
    events: '0',
    functions: 'odd(text)',
    triggers: 'kept',
    policies: 'kept',
    rules: '0',
    servers: 'near',
    extensions: 'plpgsql postgres_fdw',
    casts: '0',
    operators: '0',
    large: '0',
    relations: 'checked log orders',
    orders: '100',
    checked: '1',
    checks: 'checked_v_check',
  })
})

test('an entry by kind that names nothing ends the run before anything is made', async () => {
  const opened = await openCase('excluded-by-kind')
  const { name, as } = { name: opened.source.name, as: opened.destination.name }
  const run = await opened.run({
    databases: [
      {
        name,
        as,
        exclude: [
          { kind: 'PUBLICATION', name: 'pub-*' },
          { kind: 'TYPE', schema: 'nowhere' },
        ],
      },
    ],
  })
  const found = run.findings.find(({ code }) => code === 'FILTER_MATCHES_NOTHING')
  expect(found?.details).toEqual(['PUBLICATION pub-*', 'TYPE nowhere.*'])
  expect(run.outcome.exitStatus).toBe(3)
})
