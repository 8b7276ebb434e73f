import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summaryText } from '../../../cli/summary/summary.ts'
import type { ArtefactStore } from '../../../lambdas/core/cloud/artefact-store.ts'
import type { Comparison } from '../../../lambdas/core/ledger/comparisons.ts'
import type { StoryPart } from '../../../lambdas/core/ledger/story/story.ts'
import { DatabaseTeller } from '../../../lambdas/stages/report/database-report.ts'
import { writeReport } from '../../../lambdas/stages/report/documents.ts'
import type { Report } from '../../../lambdas/stages/report/model.ts'
import { Room } from '../../../lambdas/stages/report/room.ts'
import { failed } from './samples.ts'

const DATABASES = 2_000
const TABLES = 30

/** Of a database whose every table has three objects and a sequence; in one of a hundred everything has gone wrong. */
function partOf(bad: boolean): StoryPart {
  const numbers = Array.from({ length: TABLES }, (_, number) => number)
  const relation = (number: number): Comparison => ({
    ...{ oid: number + 1, schema: 'public', name: `a_table_with_a_name_${number}`, format: 'binary' as const },
    ...{ bytes: 8192, copiedBytes: 1000 * number, objectStatus: 'migrated', milliseconds: 12, lastError: null },
    ...{ chunks: 1, openChunks: 0, attempts: 0, parts: 1, planned: true, openParts: 0 },
    ...{
      sourceRows: '10',
      destinationRows: bad ? '9' : '10',
      sourceDigest: '1234567890',
      destinationDigest: '1234567890',
    },
  })
  const object = (kind: string) => (number: number) => ({
    ...{
      kind,
      schema: 'public',
      name: `a_table_with_a_name_${number}`,
      reason: null,
      blockedBy: null,
      milliseconds: 3,
    },
    ...(bad
      ? { errorCode: 'DST_SQL_42501', errorMessage: 'permission denied' }
      : { errorCode: null, errorMessage: null }),
    status: bad ? ('failed' as const) : ('migrated' as const),
  })
  return {
    relations: numbers.map(relation),
    objects: ['TABLE', 'CONSTRAINT', 'INDEX'].flatMap((kind) => numbers.map(object(kind))),
    sequences: numbers.map((number) => ({
      ...{ schema: 'public', name: `s_${number}`, lastValue: '7', isCalled: true, error: null },
      ...{ destinationLastValue: bad ? '6' : '7', destinationIsCalled: true },
    })),
    differences: [],
    computed: [],
    events: numbers.map((number) => ({
      ...{ at: '2026-11-23T01:02:03.000Z', level: bad ? ('error' as const) : ('info' as const), step: 'Seal' },
      ...{ lane: null, code: 'ROWS_DIFFER', message: `table ${number} is not the same on both sides` },
    })),
  }
}

function manyDatabases(): Report {
  const { source, destination } = failed.task
  const common = {
    ...{ mode: 'migrate' as const, validation: 'full' as const },
    ...{ sides: { source, destination }, room: new Room(DATABASES) },
  }
  const databases = Array.from({ length: DATABASES }, (_, number) => {
    const bad = number % 100 === 99
    const name = `database_of_tenant_${number}`
    const teller = new DatabaseTeller(common)
    teller.add(partOf(bad))
    const error = bad
      ? { kind: 'other' as const, code: 'VALIDATION_DIFFERS', message: '30 differ', remedy: 'look' }
      : null
    return teller.report({
      ...{
        identity: { name, as: name },
        isUnread: false,
        marks: null,
        destination: null,
        details: `runs/r/e/details/${number}.jsonl`,
      },
      result: { database: name, verdict: bad ? 'failed' : 'done', error },
    })
  })
  const asked = databases.map(({ name, as }) => ({ name, as, include: ['*.*'], exclude: [] }))
  return { ...failed, databases, task: { ...failed.task, databases: asked } }
}

test('a report of 2,000 databases is below 5 MB, counts all and lists what needs attention', async () => {
  const report = manyDatabases()
  const sizes = new Map<string, number>()
  const write = async (key: string, text: string) => void sizes.set(key.split('/').at(-1) ?? '', text.length)
  await writeReport({ write } as unknown as ArtefactStore, { id: 'r', execution: 'e' }, report)
  expect(sizes.get('report.json')).toBeLessThan(5_000_000)
  expect(sizes.get('report.html')).toBeLessThan(2_000_000)
  const bad = report.databases[99]
  expect(bad?.totals).toMatchObject({ tables: TABLES, tablesDifferent: TABLES, failed: 90, tablesUnmade: 30 })
  expect(bad?.totals).toMatchObject({ sequences: TABLES, sequencesDifferent: TABLES })
  expect(bad?.tables).toHaveLength(TABLES)
  // Those that are well leave their place to those that are not.
  expect(report.databases[98]?.tables).toHaveLength(0)
  const summary = stripVTControlCharacters(summaryText(report, 1_000))
  expect(summary.split('\n').length).toBeLessThan(400)
  expect(summary).toContain('1,980 of 2,000 databases came to their end: 60,000 tables')
})

test('a single database with much that differs lists no more than it has room for', () => {
  const room = new Room(1)
  const { source, destination } = failed.task
  const teller = new DatabaseTeller({ mode: 'migrate', validation: 'full', sides: { source, destination }, room })
  for (let part = 0; part < 100; part += 1) teller.add(partOf(true))
  const identity = { name: 'shop', as: 'shop' }
  const report = teller.report({
    identity,
    isUnread: false,
    result: null,
    marks: null,
    destination: null,
    details: 'd',
  })
  expect(report.totals).toMatchObject({ tables: 3_000, tablesDifferent: 3_000, objects: 9_000 })
  expect([report.tables.length, report.objects.length, report.sequences.length]).toEqual([1_100, 3_100, 1_100])
})
