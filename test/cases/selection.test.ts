import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

const IN_VAIN = ['counted', 'couple', 'defaulted', 'person']

test('what is chosen and cannot come is refused before anything is written, and acknowledged it is left out by name', async () => {
  const opened = await openCase('chosen-in-vain')
  const refused = await opened.run()
  expect(refused.outcome.exitStatus).toBe(3)
  const finding = refused.findings.find(({ code }) => code === 'CHOSEN_CANNOT_COME')
  expect(finding?.details).toEqual(IN_VAIN.map((name) => `public.${name} needs public.address, which is excluded`))
  expect(refused.summary).toContain('"precheck": {"acknowledge": ["CHOSEN_CANNOT_COME"]}')
  const left = await opened.run({ name: 'acknowledged', precheck: { acknowledge: ['CHOSEN_CANNOT_COME'] } })
  expect(left.outcome).toMatchObject({ exitStatus: 0, error: null })
  const skipped = left.objects
    .filter(({ status }) => status === 'skipped')
    .map(({ name }) => name.replace('public.', ''))
  for (const name of IN_VAIN) expect(skipped).toContain(name)
  expect(left.summary).toContain('4 chosen objects were left out, as acknowledged: ')
  expect(left.summary).toContain('public.person')
})
