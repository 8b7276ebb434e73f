import { ACCESS_APPROVALS } from '../../../core/task/access.ts'
import { type Check, findingOf } from '../check.ts'
import { codesOf } from '../codes.ts'

export const acknowledgeUnknown: Check = {
  code: 'ACKNOWLEDGE_UNKNOWN',
  side: 'task',
  level: 'error',
  scope: 'task',
  needs: [],
  title: 'every acknowledged code is the code of a check',
  cause: 'precheck.acknowledge names a code that no check has',
  remedy: 'mend the code (docs/prechecks.md lists them all), or take it out',
  async run({ event, checks }) {
    const known = new Set([...checks.flatMap(codesOf).map((one) => one.code), ...ACCESS_APPROVALS])
    const unknown = event.task.precheck.acknowledge.filter((code) => !known.has(code))
    return findingOf(unknown, () => `no check has the code ${unknown.join(', ')}`)
  },
}

export const acknowledgeRefused: Check = {
  code: 'ACKNOWLEDGE_REFUSED',
  side: 'task',
  level: 'error',
  scope: 'task',
  needs: [],
  title: 'only warnings are acknowledged',
  cause: 'precheck.acknowledge names an error, which cannot be ignored',
  remedy: 'take the code out, and mend what it says',
  async run({ event, checks }) {
    const errors = new Set(
      checks
        .filter((one) => one.level === 'error')
        .flatMap(codesOf)
        .map((one) => one.code),
    )
    const refused = event.task.precheck.acknowledge.filter((code) => errors.has(code))
    return findingOf(refused, () => `${refused.join(', ')} cannot be ignored`)
  },
}
