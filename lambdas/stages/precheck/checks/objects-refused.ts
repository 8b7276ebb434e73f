import { SampanError } from '../../../core/runtime/errors.ts'
import { foreseeRefusals, mayRefuse, OBJECTS_REFUSED, refusalText } from '../../schema/foresee/foresee.ts'
import { type Check, count, findingOf, passed } from '../check.ts'
import { CannotRun } from '../context.ts'
import { runIsKnown } from '../facts/ledger.ts'

export const objectsRefused: Check = {
  code: OBJECTS_REFUSED,
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'the destination’s newer version takes every chosen object',
  cause:
    'objects need what the destination’s version has no more, or, from 17 on, does not find while it builds: they were tried, undone, and failed',
  remedy:
    'change or drop them on the source; or acknowledge this code: they are left out, with what needs them, rows included',
  async run(context) {
    const { source, destination, environment, database } = context
    // What a run has planned before it has tried before, and partly made.
    if (!mayRefuse(source, destination) || (await context.fact(runIsKnown))) return passed
    const event = { ...context.event, database: { name: database.name, as: database.as } }
    const refused = await foreseeRefusals(event, environment, { source, destination }).catch(unknown)
    if (refused === null) throw new CannotRun('unknown', 'the objects are too many to try, or may not be tried')
    return findingOf(refused.map(refusalText), (number) => `the destination refuses ${count(number, 'object')}`)
  },
}

/** It takes too long: the plan tries once more, before it makes anything. */
function unknown(thrown: unknown): null {
  if (thrown instanceof SampanError && /^(SRC_DUMP_|STOPPED$|FILTER_MATCHES_NOTHING$)/.test(thrown.code)) return null
  throw thrown
}
