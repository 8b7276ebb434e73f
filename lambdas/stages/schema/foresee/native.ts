import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { type PlanInput, planObjects } from '../plan/plan.ts'
import { OTHERS_MATTER, rehearseSome } from './rehearse.ts'
import { withNeeds } from './with-needs.ts'

/** The code under which the precheck tells of them, and the task acknowledges that they are left out. */
const NATIVE = 'C_FUNCTIONS'

/** A try must not hold up the plan, nor wait behind somebody's lock. */
const SETTINGS = { lock_timeout: '5s', statement_timeout: '60s' }

/**
 * The plan's input, with the functions in C and in the server's own language that the destination does not take: a superuser may make
 * them, where the server has their library. Found by making them and taking them back; for others nothing has to be tried.
 * @param made numbers of what is on the destination already. @default nothing
 */
export async function withNativeTried(
  event: StepEvent,
  environment: CloudEnvironment,
  input: PlanInput,
  path: SearchPath,
  { signal, made = new Set() }: { readonly signal: AbortSignal; readonly made?: ReadonlySet<number> },
): Promise<PlanInput> {
  const { nativeFunctions } = input.facts
  const isNative = ({ kind, oid }: { readonly kind: string; readonly oid: number }) =>
    /^(FUNCTION|PROCEDURE)$/.test(kind) && nativeFunctions.has(oid)
  if (!input.roles.superuser || !input.entries.some(isNative)) return input
  const { objects } = planObjects(input)
  const prone = objects.filter((object) => object.status === 'pending' && isNative(object) && !made.has(object.id))
  const wanted = withNeeds(objects, prone).filter(({ id }) => !made.has(id))
  if (wanted.length === 0) return input
  try {
    const session = await openDestination(event, environment, { purpose: 'rehearse', signal, settings: SETTINGS })
    const refused = await rehearseSome(session, objects, wanted, path, ({ object, state }) => {
      return isNative(object) && !OTHERS_MATTER.test(state)
    }).finally(() => session.close())
    return { ...input, refusedNative: new Map(refused.map(({ object, message }) => [object.oid, message])) }
  } catch (thrown) {
    // They will fail, and be told, when they are made.
    if (thrown instanceof DatabaseError && thrown.sqlState === '53300') return input
    throw thrown
  }
}

/** @throws SampanError `C_FUNCTIONS`, where something is refused, and the task neither acknowledges it nor goes on without what fails */
export function requireNativeAcknowledged(
  { task }: StepEvent,
  objects: readonly PlannedObject[],
  input: PlanInput,
): void {
  const refused = objects.filter(
    ({ oid, kind }) => /^(FUNCTION|PROCEDURE)$/.test(kind) && input.refusedNative?.has(oid) === true,
  )
  if (refused.length === 0 || task.onObjectError === 'continue' || task.precheck.acknowledge.includes(NATIVE)) return
  const lines = refused.map((object) => `${objectName(object)}: ${input.refusedNative?.get(object.oid)}`)
  throw new SampanError({
    code: NATIVE,
    message: `the destination refuses ${refused.length} of the functions in C or internal code: ${listed(lines, { between: '; ' })}`,
    remedy: `nothing was made: install their libraries on the destination’s server, exclude them, or acknowledge ${NATIVE} to leave them out, then start again`,
  })
}
