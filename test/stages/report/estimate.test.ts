import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileArtefacts } from '../../../lambdas/core/cloud/artefacts-file.ts'
import { partsTaken, readEstimate, taskHash } from '../../../lambdas/stages/report/estimate.ts'
import type { Report } from '../../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { succeeded } from './samples.ts'

const span = (low: number, high: number) => ({ low, high })
const TIME = { seconds: span(9, 14), copy: span(4, 6), index: span(2, 3), compare: span(1, 2), sent: 5 }
const PLAN = { version: 1, hash: '0123456789abcdef', run: 'shop', madeAt: '2026-01-01T00:00:00Z', time: TIME, more: [] }

test('the plan of this run beside the report is its estimate; another run’s, one not measured and one that is none are not', async () => {
  const directory = await temporaryDirectory()
  const store = fileArtefacts(directory)
  const estimateOf = async (text: string) => {
    await writeFile(join(directory, 'plan.json'), text)
    return readEstimate(store, 'shop')
  }
  expect(await readEstimate(store, 'shop')).toBeNull()
  const { sent: _, ...spans } = TIME
  expect(await estimateOf(JSON.stringify(PLAN))).toEqual({ hash: PLAN.hash, madeAt: PLAN.madeAt, ...spans })
  expect(await estimateOf(JSON.stringify({ ...PLAN, run: 'stock' }))).toBeNull()
  expect(await estimateOf(JSON.stringify({ ...PLAN, time: { notKnown: 'nothing was measured' } }))).toBeNull()
  expect(await estimateOf('{')).toBeNull()
})

test('estimate and actual stand side by side for a run that came to its end, all databases together', () => {
  const { sent: _, ...spans } = TIME
  const [first] = succeeded.databases
  if (first === undefined) throw new Error('no database')
  const steps = [
    { name: 'Plan', seconds: 1 },
    { name: 'Copy rows', seconds: 5 },
    { name: 'Compare and seal', seconds: 2 },
  ]
  const report: Report = {
    ...succeeded,
    estimate: { hash: 'x', madeAt: 'x', ...spans },
    databases: [
      { ...first, steps },
      { ...first, steps },
    ],
  }
  expect(partsTaken(report)).toEqual([
    { name: 'Copy rows', estimated: span(4, 6), took: 10 },
    { name: 'Indexes, keys, sequences', estimated: span(2, 3), took: 0 },
    { name: 'Compare and seal', estimated: span(1, 2), took: 4 },
  ])
  expect(partsTaken({ ...report, status: 'failed' })).toEqual([])
  expect(partsTaken({ ...report, estimate: null })).toEqual([])
})

test('the hash of a task is of what it says, in whatever order', () => {
  const { name, ...rest } = succeeded.task
  expect(taskHash({ ...rest, name })).toBe(taskHash(succeeded.task))
  expect(taskHash({ ...succeeded.task, lanes: 7 })).not.toBe(taskHash(succeeded.task))
  expect(taskHash(succeeded.task)).toMatch(/^[0-9a-f]{16}$/)
})
