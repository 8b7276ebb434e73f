import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test.for([
  ['helpers-by-database-path', 'the path is the database’s own setting'],
  ['helpers-by-owners-path', 'the path is the setting of the role that owns everything, its own schema in it'],
  ['helpers-of-extension', 'the function is an extension’s'],
  ['helpers-in-index-alone', 'an index alone calls it, and planning a read opens it'],
  ['view-by-path', 'a materialized view calls it'],
])(
  'a function that finds its helpers by the source’s search_path works on both ends: %s, %s',
  { tags: 'long' },
  async ([name]) => {
    const run = await (await openCase(name ?? '')).run()
    expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(run.named('failed')).toEqual([])
    expect(await run.differences()).toEqual([])
    expect(await run.checks()).toEqual([])
  },
)
