import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

const CODE = 'ROW_TYPE_ORDER'

test('rows inside of columns do not come where the destination has the columns in another order; without them the rest comes', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const opened = await openCase('row-type-order')
  const refused = await opened.run()
  expect(refused.outcome.exitStatus).toBe(3)
  const finding = refused.findings.find(({ code }) => code === CODE)
  expect(finding).toMatchObject({ blocks: true, level: 'error' })
  expect(finding?.details).toEqual([
    'public.holder.c, rows of public.ic',
    'public.holder.arr, rows of public.ic',
    'public.holder.deep, rows of public.ic',
    'public.over.o, rows of public.ic',
    'public.over.r, rows of public.joined',
  ])
  const order = refused.findings.find(({ code }) => code === 'COLUMN_ORDER')
  expect(order).toMatchObject({ blocks: false, level: 'info' })
  expect(order?.details).toEqual([
    'public.ic: id, a, late, late2, own',
    'public.id: id, a, late, late2, own, deep',
    'public.joined: b, c, id, a, late, late2',
  ])

  const names = { name: opened.source.name, as: opened.destination.name }
  const run = await opened.run({ databases: [{ ...names, exclude: ['public.holder', 'public.over'] }] })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.checks()).toEqual([])
  expect(run.named('transformed')).toEqual(expect.arrayContaining(['TABLE public.ic', 'TABLE public.id']))
  const inOrder = await opened.destination.query(
    `SELECT attname FROM pg_attribute WHERE attrelid = 'joined'::regclass AND attnum > 0 ORDER BY attnum`,
  )
  expect(inOrder.map(({ attname }) => attname)).toEqual(['b', 'c', 'id', 'a', 'late', 'late2'])
})

test('the plan refuses what a precheck has not seen', async () => {
  const opened = await openCase('row-type-order')
  await opened.source.query('DROP TABLE over, holder')
  const run = await opened.run({}, ({ step, call }, handler) => async (event, context) => {
    if (step === 'PlanObjectsFunction' && call === 1) await opened.source.query('CREATE TABLE holder (arr ic[])')
    return handler(event, context)
  })
  expect(run.outcome).toMatchObject({ exitStatus: 1, error: { code: CODE } })
}, 60_000)
