import { describe, expect, test } from 'vitest'
import type { Comparison } from '../../../lambdas/core/ledger/comparisons.ts'
import { type Accounts, findBreaches } from '../../../lambdas/stages/validate/breaches.ts'

const relation: Comparison = {
  oid: 1,
  schema: 'public',
  name: 'orders',
  format: 'binary',
  bytes: 10,
  objectStatus: 'migrated',
  chunks: 2,
  openChunks: 0,
  attempts: 0,
  copiedBytes: 10,
  milliseconds: 1,
  lastError: null,
  sourceRows: '5',
  sourceDigest: '77',
  parts: 1,
  planned: true,
  openParts: 0,
  destinationRows: '5',
  destinationDigest: '77',
}

const sequence = {
  schema: 'public',
  name: 'orders_id_seq',
  lastValue: '9223372036854775807',
  isCalled: true,
  destinationLastValue: '9223372036854775807',
  destinationIsCalled: true,
  error: null,
}

const object = { kind: 'INDEX', schema: 'public', name: 'i', errorCode: null, forOwner: false }
const clean: Accounts = { objects: [], relations: [relation], sequences: [sequence] }
const strict = { onObjectError: 'fail', validation: { mode: 'full' } } as const
const tolerant = { ...strict, onObjectError: 'continue' } as const

function codes(change: Partial<Accounts>, task: Parameters<typeof findBreaches>[1] = strict): string[] {
  return findBreaches({ ...clean, ...change }, task).map(({ code }) => code)
}

describe('a run is not sealed', () => {
  test('but where everything is accounted for it is', () => {
    expect(codes({})).toEqual([])
  })

  test('but a materialized view that could not be filled does not keep it open; one that is still to be filled does', () => {
    const fill = { ...object, kind: 'MATERIALIZED VIEW DATA' }
    const [failed, blocked] = [
      { ...fill, status: 'failed' as const },
      { ...fill, status: 'blocked' as const },
    ]
    expect(codes({ objects: [failed, blocked] })).toEqual([])
    expect(codes({ objects: [failed, { ...fill, status: 'pending' as const }] })).toEqual(['OBJECTS_OPEN'])
  })

  test.each([
    [
      'with an object that nobody has dealt with',
      { objects: [{ ...object, status: 'pending' as const }] },
      'OBJECTS_OPEN',
    ],
    ['with an object that failed', { objects: [{ ...object, status: 'failed' as const }] }, 'OBJECTS_FAILED'],
    ['with an object that was blocked', { objects: [{ ...object, status: 'blocked' as const }] }, 'OBJECTS_FAILED'],
    ['with an open chunk', { relations: [{ ...relation, openChunks: 1 }] }, 'CHUNKS_OPEN'],
    ['with a table that has no chunk at all', { relations: [{ ...relation, chunks: 0 }] }, 'CHUNKS_OPEN'],
    ['with a table that is read in part', { relations: [{ ...relation, openParts: 1 }] }, 'VALIDATION_OPEN'],
    [
      'with a table that is gone from the destination',
      { relations: [{ ...relation, parts: 0 }] },
      'VALIDATION_DIFFERS',
    ],
    ['with another number of rows', { relations: [{ ...relation, destinationRows: '6' }] }, 'VALIDATION_DIFFERS'],
    ['with another digest', { relations: [{ ...relation, destinationDigest: '78' }] }, 'VALIDATION_DIFFERS'],
    [
      'with a digest of one side alone',
      { relations: [{ ...relation, destinationDigest: null }] },
      'VALIDATION_DIFFERS',
    ],
    [
      'with a sequence one behind',
      { sequences: [{ ...sequence, destinationLastValue: '9223372036854775806' }] },
      'SEQUENCES_DIFFER',
    ],
    [
      'with a sequence whose first value would come twice',
      { sequences: [{ ...sequence, destinationIsCalled: false }] },
      'SEQUENCES_DIFFER',
    ],
    [
      'with a sequence that was not set',
      { sequences: [{ ...sequence, destinationLastValue: null, destinationIsCalled: null }] },
      'SEQUENCES_DIFFER',
    ],
  ])('%s', (_, change, code) => {
    expect(codes(change)).toEqual([code])
  })
})

describe('a task that goes on when objects fail', () => {
  const failed = { objects: [{ ...object, status: 'failed' as const }] }

  test('is sealed with objects that failed', () => {
    expect(codes(failed, tolerant)).toEqual([])
  })

  test('is sealed without the tables that could not be created, and only those', () => {
    const absent = { ...relation, objectStatus: 'failed', chunks: 1, openChunks: 1, parts: 0 }
    expect(codes({ relations: [relation, absent] }, tolerant)).toEqual([])
    expect(codes({ relations: [{ ...relation, destinationDigest: '1' }] }, tolerant)).toEqual(['VALIDATION_DIFFERS'])
  })

  test('is not sealed with an object that nobody has dealt with', () => {
    expect(codes({ objects: [{ ...object, status: 'pending' }] }, tolerant)).toEqual(['OBJECTS_OPEN'])
  })
})

test('at most ten tables are named, and how many more there are', () => {
  const relations = Array.from({ length: 13 }, (_, index) => ({ ...relation, name: `t${index}`, destinationRows: '0' }))
  const [breach] = findBreaches({ ...clean, relations }, strict)
  expect(breach?.message).toBe(
    '13 tables differ between source and destination: public.t0, public.t1, public.t2, public.t3, public.t4, public.t5, public.t6, public.t7, public.t8, public.t9 and 3 more',
  )
})

test('one thing is told as one', () => {
  const [breach] = findBreaches({ ...clean, relations: [{ ...relation, destinationRows: '0' }] }, strict)
  expect(breach?.message).toMatch(/^1 table differs between source and destination: /)
})

test('counts decide alone where only counts were asked for', () => {
  const counted = { ...strict, validation: { mode: 'counts' } } as const
  expect(codes({ relations: [{ ...relation, destinationDigest: '78' }] }, counted)).toEqual([])
  expect(codes({ relations: [{ ...relation, destinationRows: '6' }] }, counted)).toEqual(['VALIDATION_DIFFERS'])
})
