import { expect, test } from 'vitest'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { stepHandler } from '../../../lambdas/core/runtime/step-handler.ts'
import { handler as planObjects } from '../../../lambdas/stages/schema/plan-handler.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const SECRET = 'SAMPAN_TEST_ROTATED'

test('a secret that is rotated under a run is waited for, some minutes and not half a day', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (id int PRIMARY KEY)')
  const destination = await createDatabase(sharedServer(18))
  const user = `rotated_${source.name}`
  await source.query(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD 'the new one'`)
  const event = stepEvent(source, destination)
  const rotating = {
    ...event,
    task: { ...event.task, source: { ...event.task.source, user, secret: `env:${SECRET}` } },
  } as StepEvent
  process.env[SECRET] = 'the old one'
  try {
    const refused = await planObjects(rotating, stepContext())
    expect(refused).toMatchObject({
      verdict: 'retry',
      window: { kind: 'other' },
      error: { code: 'SRC_LOGIN_REFUSED' },
    })
    process.env[SECRET] = 'the new one'
    expect(await planObjects({ ...rotating, window: refused.window }, stepContext())).toMatchObject({ verdict: 'done' })
  } finally {
    delete process.env[SECRET]
    await source.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
  }
})

test('outside of the databases’ steps a refused login is told at once', async () => {
  const body = async () => {
    throw new SampanError({ code: 'SRC_LOGIN_REFUSED', message: 'm', remedy: 'r', retryableBehindPrecheck: true })
  }
  const report = stepHandler('Report', body, { environment: { SAMPAN_ARTEFACTS: 'file:///tmp/artefacts' } })
  expect(await report({ window: null } as unknown as StepEvent, stepContext())).toMatchObject({ verdict: 'failed' })
})
