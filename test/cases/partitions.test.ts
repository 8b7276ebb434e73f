import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test.for([
  [
    'partitions-of-another-order',
    'text in another order, enums inside of arrays and composites, expressions',
    [['1'], ['13'], ['1']],
  ],
  ['hash-of-text-latin1', 'the hash of a text in another encoding', [['1']]],
  ['hash-of-enum-array', 'the hash of an array of enums', [['10']]],
] as const)(
  'rows are in the partition where the destination looks for them: %s, %s',
  { tags: 'long' },
  async ([name, , found]) => {
    const run = await (await openCase(name)).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    // The judges hash bytes as each database stores them.
    if (name !== 'hash-of-text-latin1') expect(await run.differences({ rows: true })).toEqual([])
    expect(await run.checks()).toEqual([])
    expect(await run.destinationChecks()).toEqual(found.map((row) => [row]))
  },
)
