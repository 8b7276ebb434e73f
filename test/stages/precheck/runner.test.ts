import { expect, test } from 'vitest'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
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
