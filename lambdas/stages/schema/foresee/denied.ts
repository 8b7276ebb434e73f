import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { type Refusal, type RefusedObject, rehearseSome } from './rehearse.ts'
import { withNeeds } from './with-needs.ts'

/** The code under which the precheck tells of them, and the task acknowledges that they are left out. */
const PRIVILEGED = 'DST_PRIVILEGED_OBJECTS'

/** A try must not hold up the plan, nor wait behind somebody's lock. */
const SETTINGS = { lock_timeout: '5s', statement_timeout: '60s' }

/**
 * What the destination's account has not the right to make, found by trying it and taking it back: the catalogue tells kinds, but
 * not what a managed server allows its privileged account. A superuser may make all.
 * @returns why each is left out, and what needs it, by number in the plan; empty where the try is not possible
 * @throws SampanError `DST_PRIVILEGED_OBJECTS` where the task has not acknowledged it: nothing is made yet
 */
export async function deniedObjects(
  event: StepEvent,
  environment: CloudEnvironment,
  objects: readonly PlannedObject[],
  path: SearchPath,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const denied = await tried(event, environment, objects, path, signal)
  const { onObjectError, precheck } = event.task
  if (denied.length === 0) return new Map()
  if (!precheck.acknowledge.includes(PRIVILEGED)) {
    if (onObjectError === 'continue') return new Map()
    throw notAcknowledged(denied)
  }
  return new Map(
    denied.flatMap(({ object, message, dependants }) => [
      [object.id, `the destination’s account may not make it: ${message}`] as const,
      ...dependants.map(
        ({ id }) => [id, `it needs ${shown(object)}, which the destination’s account may not make`] as const,
      ),
    ]),
  )
}

async function tried(
  event: StepEvent,
  environment: CloudEnvironment,
  objects: readonly PlannedObject[],
  path: SearchPath,
  signal: AbortSignal,
): Promise<readonly RefusedObject[]> {
  const wanted = withNeeds(objects, objects.filter(needsRight))
  if (wanted.length === 0) return []
  try {
    const session = await openDestination(event, environment, { purpose: 'rehearse', signal, settings: SETTINGS })
    return await rehearseSome(session, objects, wanted, path, isRight).finally(() => session.close())
  } catch (thrown) {
    // They will fail, and be told, when they are made.
    if (thrown instanceof DatabaseError && thrown.sqlState === '53300') return []
    throw thrown
  }
}

/** An aggregate over internal state is a superuser's, and refused to others as a wrong definition. Others' missing rights are the matter of other checks. */
function isRight({ object, state }: Refusal): boolean {
  return needsRight(object) && (state === '42501' || (object.kind === 'AGGREGATE' && state === '42P13'))
}

/** Kinds that a server keeps to superusers, in part or wholly. */
const KINDS: ReadonlySet<string> = new Set([
  'ACCESS METHOD',
  'CAST',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION',
  'SERVER',
  'SUBSCRIPTION',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'TRANSFORM',
])

function needsRight({ kind, sql, status }: PlannedObject): boolean {
  if (status !== 'pending') return false
  if (kind === 'TYPE') return /\bINPUT = /.test(sql)
  if (kind === 'AGGREGATE') return /\bSTYPE = internal\b/.test(sql)
  if (kind === 'FUNCTION' || kind === 'PROCEDURE')
    return /\bLEAKPROOF\b|^ +SET /m.test(sql) || !/\bLANGUAGE (sql|plpgsql)\b/.test(sql)
  return KINDS.has(kind)
}

function notAcknowledged(denied: readonly RefusedObject[]): SampanError {
  const named = denied.map(({ object, message }) => `${shown(object)}: ${message}`)
  return new SampanError({
    code: PRIVILEGED,
    message: `the destination’s account may not make ${denied.length} of the objects: ${listed(named, { between: '; ' })}`,
    remedy: `nothing was made: grant the account what is missing, exclude them, or acknowledge ${PRIVILEGED} to leave them out, then start again`,
  })
}

function shown(object: PlannedObject): string {
  return `${object.kind.toLowerCase()} ${objectName(object)}`
}
