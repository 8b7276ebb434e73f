import { expect, test } from 'vitest'
import { ask } from '../../../lambdas/stages/precheck/ask.ts'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { createDatabase, expectNoBackends, sharedServer } from '../../support/servers.ts'
import { itemOf, precheck } from './prechecks.ts'

/** A check whose fact is loaded by a statement that is cancelled so many times. */
function cancelled(times: number): Check {
  let asked = 0
  const fact = async (context: CheckContext) => {
    asked += 1
    const cancel = asked <= times ? 'pg_catalog.pg_cancel_backend(pg_catalog.pg_backend_pid())' : 'true'
    await context.source.rows(`SELECT ${cancel}, pg_catalog.pg_sleep(0.01)`)
  }
  return {
    code: 'STRUCK',
    side: 'source',
    level: 'error',
    scope: 'task',
    needs: ['source'],
    title: 'a check',
    cause: 'a cause',
    remedy: 'a remedy',
    run: async (context) => {
      await context.fact(fact)
      return []
    },
  }
}

test.each([
  [1, 'passed'],
  [2, 'not-run'],
])('a check of which a statement is cancelled %i times is %s: it is asked twice', async (times, status) => {
  const source = await createDatabase(sharedServer(15))
  const document = await precheck(source, await createDatabase(sharedServer(18)), { only: [cancelled(times)] })
  expect(itemOf(document, 'STRUCK')).toMatchObject({ status })
})

const plain: Omit<Check, 'run'> = {
  ...{ code: 'PLAIN', side: 'source', level: 'error', scope: 'database', needs: ['source'] },
  ...{ title: 'a check', cause: 'a cause', remedy: 'a remedy' },
}

test('details are cut to what a person reads', async () => {
  const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
  const details = Array.from({ length: 250 }, (_, index) => `line ${index}`)
  const check: Check = { ...plain, run: async () => [{ cause: 'so it is', details }] }
  const item = itemOf(await precheck(source, destination, { only: [check] }), 'PLAIN')
  expect(item.details.length).toBe(101)
  expect(item.details.at(-1)).toBe('… and 150 more')
})

test('of very many databases each has fewer lines, so that the document of all of them has room in a call', async () => {
  const details = Array.from({ length: 250 }, (_, index) => `line ${index}`)
  const check: Check = { ...plain, run: async () => [{ cause: 'so it is', details }] }
  const linesOf = async (databases: number, database: string | null = 'shop') => {
    const event = { task: { databases: Array.from({ length: databases }) } }
    const outcome = await ask(check, { event, database: {}, source: {} } as unknown as CheckContext, database)
    return outcome?.kind === 'found' ? outcome.findings[0]?.details : null
  }
  expect(await linesOf(100)).toHaveLength(101)
  expect(await linesOf(2_000)).toEqual([...details.slice(0, 5), '… and 245 more'])
  // What is asked once is told once.
  expect(await linesOf(2_000, null)).toHaveLength(101)
})

test('a session that comes when its check is not waited for any more is closed', async () => {
  const [source, destination] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
  const closed = Promise.withResolvers<void>()
  const late = Promise.withResolvers<unknown>()
  const check: Check = {
    ...plain,
    async run(context) {
      await closed.promise
      await context.openAnother('source').then(late.resolve, late.resolve)
      return []
    },
  }
  const document = await precheck(source, destination, { only: [check], checkMilliseconds: 50 })
  expect(itemOf(document, 'PLAIN').cause).toBe('it had no answer after 0.05 seconds')
  closed.resolve()
  expect(await late.promise).toMatchObject({ why: 'failed' })
  await expectNoBackends(source)
})
