import { expect, test } from 'vitest'
import { type Around, openCase } from '../support/cases/case.ts'

test('a sequence that goes with its table when all have their owners is made anew, and counts from where the source stands', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const opened = await openCase('sequences-behind-owners')
  const { destination } = opened
  const name = 'behind-owners'
  const widen: Around =
    ({ step, call }, handler) =>
    async (event, context) => {
      if (step === 'SealFunction' && call === 1) await destination.query('GRANT SELECT ON shop.stays TO PUBLIC')
      return handler(event, context)
    }
  const given = await opened.run({ name }, widen)
  expect(given.report.databases[0]?.error).toMatchObject({ code: 'RIGHTS_WIDER' })
  expect(given.named('migrated')).toContain('OWNER TABLE shop.orders')
  // What is given away is compared once more: the account is to be let in.
  await destination.query(
    'GRANT owner56 TO mover56; REVOKE SELECT ON shop.stays FROM PUBLIC; DROP TABLE shop.orders, shop.lines CASCADE; DROP SEQUENCE shop.free',
  )
  const again = await opened.run({ name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await again.checks()).toEqual([])
})
