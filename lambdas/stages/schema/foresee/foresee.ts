/** What the precheck asks of the plan: the door of this room for it, and the only one. */
import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { openDestination, openSource } from '../../../core/postgres/sessions.ts'
import { readSearchPath } from '../../../core/postgres/source-path.ts'
import type { DatabaseIdentity, StepEvent } from '../../../core/runtime/event.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { dumpObjects } from '../pgdump/dump-objects.ts'
import { type PlanInput, planObjects } from '../plan/plan.ts'
import { readPlanInput } from '../plan/plan-input.ts'
import { withNativeTried } from './native.ts'
import { type Refusal, type RefusedObject, rehearse } from './rehearse.ts'
import { refusedWithoutPath } from './without-path.ts'

/** The code under which refused objects are told, and left out where the task acknowledges it. */
export const OBJECTS_REFUSED = 'DST_OBJECTS_REFUSED'

/** A version that takes less than the source's: only a newer major. */
export function mayRefuse(source: Session, destination: Session): boolean {
  return Math.floor(source.serverVersion / 10_000) < Math.floor(destination.serverVersion / 10_000)
}

/** A try must not hold up a precheck, nor wait behind somebody's lock. */
const REHEARSAL_SETTINGS = { lock_timeout: '5s', statement_timeout: '20s' }
const DUMP_MILLISECONDS = 20_000

/**
 * What the destination would refuse of the plan as it would be made now.
 * @returns `null` where that is not to be known
 */
export async function foreseeRefusals(
  event: StepEvent & { readonly database: DatabaseIdentity },
  environment: CloudEnvironment,
  sessions: { readonly source: Session; readonly destination: Session },
): Promise<readonly RefusedObject[] | null> {
  const signal = AbortSignal.timeout(2 * DUMP_MILLISECONDS)
  const { archive } = await dumpObjects(event, { environment, signal, timeout: () => DUMP_MILLISECONDS })
  const read = await readPlanInput(event, environment, event.database, archive, sessions)
  const path = await readSearchPath(sessions.source)
  const input = await withNativeTried(event, environment, read, path, { signal })
  return tryObjects(event, environment, sessions.source, planObjects(input).objects, signal)
}

/** A chosen object that the plan cannot make, and what it needs. */
export interface BlockedObject {
  readonly name: string
  readonly needs: string
  /** Why that cannot come. */
  readonly reason: string
}

/** What the plan, as it would be made now, could not make. */
export interface ForeseenPlan {
  /** For want of something that the destination cannot have. */
  readonly blocked: readonly BlockedObject[]
  /** Functions in C and in the server's own language that a superuser was seen not to make, by oid, with what the server said. */
  readonly refusedNative: ReadonlyMap<number, string>
}

/** @param mayTry false where the database is still to be made: nothing can be tried in it */
export async function foreseePlan(
  event: StepEvent & { readonly database: DatabaseIdentity },
  environment: CloudEnvironment,
  sessions: { readonly source: Session; readonly destination: Session },
  mayTry: boolean,
): Promise<ForeseenPlan> {
  const signal = AbortSignal.timeout(2 * DUMP_MILLISECONDS)
  const { archive } = await dumpObjects(event, { environment, signal, timeout: () => DUMP_MILLISECONDS })
  const read = await readPlanInput(event, environment, event.database, archive, sessions)
  const path = await readSearchPath(sessions.source)
  const input: PlanInput = mayTry ? await withNativeTried(event, environment, read, path, { signal }) : read
  const { objects } = planObjects(input)
  const byId = new Map(objects.map((object) => [object.id, object]))
  const blocked = objects.flatMap((object) => {
    const cause = byId.get(object.blockedBy ?? -1)
    if (object.status !== 'blocked' || cause === undefined) return []
    return [{ name: shown(object), needs: shown(cause), reason: cause.reason ?? 'it cannot come' }]
  })
  return { blocked, refusedNative: input.refusedNative ?? new Map() }
}

/** Makes the planned objects on a session of its own, and takes them back. */
export async function tryObjects(
  event: StepEvent,
  environment: CloudEnvironment,
  source: Session,
  objects: readonly PlannedObject[],
  signal: AbortSignal,
): Promise<readonly RefusedObject[] | null> {
  const options = { purpose: 'rehearse', signal, settings: REHEARSAL_SETTINGS }
  const [session, path] = await Promise.all([openDestination(event, environment, options), readSearchPath(source)])
  try {
    const foreseen = await evaluateOnSource(event, environment, objects, path, session.serverVersion, signal)
    return await rehearse(session, objects, path, foreseen)
  } finally {
    await session.close()
  }
}

/** On a session of its own: other checks share the source's. */
async function evaluateOnSource(
  event: StepEvent,
  environment: CloudEnvironment,
  objects: readonly PlannedObject[],
  sourcePath: SearchPath,
  destinationVersion: number,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const session = await openSource(event, environment, { purpose: 'evaluate', signal })
  try {
    return await refusedWithoutPath(session, objects, sourcePath, destinationVersion)
  } finally {
    await session.close()
  }
}

/** Dependants that are named; there may be thousands. */
const NAMED = 10

/** `aggregate public.as_array(anyelement): function … does not exist; with it view public.uses`. */
export function refusalText({ object, message, dependants }: RefusedObject): string {
  const names = dependants.slice(0, NAMED).map(shown)
  const more = dependants.length > NAMED ? [`${dependants.length - NAMED} more`] : []
  const along = names.length === 0 ? '' : `; with it ${[...names, ...more].join(', ')}`
  return `${shown(object)}: ${message}${along}`
}

/** Why each is left out, by its number in the plan. */
export function refusalReasons(refused: readonly RefusedObject[]): ReadonlyMap<number, string> {
  return new Map(
    refused.flatMap(({ object, message, dependants }) => [
      [object.id, `the destination’s version refuses it: ${message}`] as const,
      ...dependants.map(
        ({ id }) => [id, `it needs ${shown(object)}, which the destination’s version refuses`] as const,
      ),
    ]),
  )
}

function shown(object: PlannedObject): string {
  return `${object.kind.toLowerCase()} ${objectName(object)}`
}
