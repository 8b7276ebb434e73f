import { SampanError } from '../../../core/runtime/errors.ts'
import { AWS_EXTENSIONS } from '../../../core/task/aws-names.ts'
import { type ForeseenPlan, foreseePlan } from '../../schema/foresee/foresee.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { allExtensions } from './extensions.ts'
import { runIsKnown } from './ledger.ts'
import { notOfExtension, USER_SCHEMA } from './sql.ts'

/** Functions of the user's own in C or in the server's internal language. */
const NATIVE = `
  SELECT EXISTS (
    SELECT FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
      JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE l.lanname IN ('c', 'internal') AND ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate AS a WHERE a.aggfnoid = p.oid)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS made
                        WHERE made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND made.objid = p.oid
                          AND made.deptype = 'i')) AS present`

/**
 * What the plan could not make, however far it is from what it needs: the plan is made for it, but only where there is something of the
 * kind. Nothing where that is not to be known: PlanObjects says it before it makes anything.
 */
export async function foreseenPlan(context: CheckContext): Promise<ForeseenPlan> {
  const [extensions, [native]] = await Promise.all([
    context.fact(allExtensions),
    context.source.rows<{ present: boolean }>(NATIVE),
  ])
  if (native?.present !== true && !extensions.some(({ name }) => AWS_EXTENSIONS.has(name))) return NOTHING
  const missing = context.destinationMissing
  try {
    const known = !missing && (await context.fact(runIsKnown))
    if (known) return NOTHING
    const destination = missing ? context.destinationServer : context.destination
    const { source, environment, database } = context
    const event = { ...context.event, database: { name: database.name, as: database.as } }
    return await foreseePlan(event, environment, { source, destination }, !missing)
  } catch (thrown) {
    if (isUnknown(thrown)) return NOTHING
    throw thrown
  }
}

const NOTHING: ForeseenPlan = { blocked: [], refusedNative: new Map() }

function isUnknown(thrown: unknown): boolean {
  if (thrown instanceof CannotRun) return true
  return thrown instanceof SampanError && /^(SRC_DUMP_|STOPPED$|FILTER_MATCHES_NOTHING$)/.test(thrown.code)
}
