import type { RunEvent } from '../../core/ledger/events.ts'
import { listed } from '../../core/present/listed.ts'
import type { RightsDifference } from '../../core/structure/compare-rights.ts'
import type { Task } from '../../core/task/task.ts'
import type { Breach } from './breaches.ts'

/** A task that acknowledges it is sealed all the same. */
const WIDER = 'RIGHTS_WIDER'

/** What everybody keeps in a schema that the account does not own is told by the precheck under this code. */
const NOT_TAKEN = 'RIGHTS_NOT_TAKEN'

/** Objects told by name, an event each; there may be thousands. */
const NAMED = 40

/** Somebody could do or see more than on the source: keeps the run from being sealed, unless the task says that it may. Pure. */
export function rightsBreach(
  differences: readonly RightsDifference[],
  { precheck }: Pick<Task, 'precheck'>,
): readonly Breach[] {
  const isKnown = ({ what }: RightsDifference) => /^schema /.test(what) && precheck.acknowledge.includes(NOT_TAKEN)
  const wider = differences.filter((difference) => difference.wider.length > 0 && !isKnown(difference))
  if (wider.length === 0 || precheck.acknowledge.includes(WIDER)) return []
  const named = listed(wider.map(({ what, wider: phrases }) => `${what}: ${phrases.join(', ')}`))
  return [
    {
      code: WIDER,
      message: `on ${wider.length === 1 ? 'one object' : `${wider.length} objects`} of the destination somebody may do more than on the source: ${named}`,
      remedy: `take the rights back on the destination (REVOKE …, DROP POLICY …), or add "${WIDER}" to precheck.acknowledge; then start the task again: it compares once more, and copies nothing`,
    },
  ]
}

/** What differs, by name: in the run's story whatever comes of it. Pure. */
export function rightsEvents(differences: readonly RightsDifference[]): RunEvent[] {
  return [
    ...told(WIDER, 'somebody may do more than on the source', differences, ({ wider }) => wider),
    ...told('RIGHTS_NARROWER', 'not as on the source', differences, ({ narrower }) => narrower),
  ]
}

function told(
  code: string,
  what: string,
  differences: readonly RightsDifference[],
  of: (difference: RightsDifference) => readonly string[],
): RunEvent[] {
  const lines = differences.flatMap((difference) => {
    const phrases = of(difference)
    return phrases.length === 0 ? [] : [`${difference.what}: ${phrases.join(', ')}`]
  })
  const rest = lines.length - NAMED
  const more = rest > 0 ? [`and ${rest} more objects`] : []
  return [...lines.slice(0, NAMED), ...more].map((line) => ({
    level: 'warning',
    step: 'Seal',
    code,
    message: `${what}: ${line}`,
  }))
}
