import type { RunEvent } from '../../../core/ledger/events.ts'
import { type NameCatalogue, readNames } from '../../../core/names/catalogue.ts'
import type { NameProblem } from '../../../core/names/problem.ts'
import { isNothing, type Renames } from '../../../core/names/renames.ts'
import { resolveNames } from '../../../core/names/resolve.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import type { NameWishes } from '../../../core/task/names.ts'
import { PG_CLASS } from '../toc/catalogue-oids.ts'
import { BREAKS_CODE, type Transformation, transformObjects } from '../transform/transform.ts'
import type { SourceFacts } from './facts.ts'
import type { Plan } from './plan.ts'

export interface NewNames {
  readonly wishes: NameWishes
  readonly catalogue: NameCatalogue
}

/** What new names need to know of the source, in the view that the plan is made in; null where the task wants none. */
export async function readNewNames(source: Session, wishes: NameWishes | null): Promise<NewNames | null> {
  return wishes === null ? null : { wishes, catalogue: await readNames(source) }
}

export interface NamedPlan {
  readonly plan: Plan
  /** null: as on the source. */
  readonly path: SearchPath | null
  readonly events: readonly RunEvent[]
}

/** The plan in the destination’s names. @throws SampanError `NAMES_REFUSED`, and what transformObjects() throws */
export async function underNewNames(
  names: NewNames | null,
  plan: Plan,
  options: {
    readonly event: StepEvent
    readonly step: StepTools
    readonly destination: Session
    readonly facts: SourceFacts
    readonly path: SearchPath
    replan(transformation: Transformation, refused: ReadonlyMap<number, string>): Plan
    timeout(): number
  },
): Promise<NamedPlan> {
  const renames = names === null ? null : renamesOf(names, plan)
  if (renames === null || isNothing(renames)) return { plan, path: null, events: [] }
  const transformed = await transformObjects({ ...options, plan, renames })
  return { plan: transformed.plan, path: transformed.path, events: brokenCode(transformed.broken) }
}

/** What is called otherwise there, of what the plan takes. @throws SampanError `NAMES_REFUSED` */
export function renamesOf({ wishes, catalogue }: NewNames, plan: Plan): Renames {
  const pending = new Set(
    plan.objects.flatMap(({ catalogOid, oid, status }) =>
      catalogOid === PG_CLASS && status === 'pending' ? [oid] : [],
    ),
  )
  const renames = resolveNames(wishes, catalogue, ({ oid }) => pending.has(oid))
  if (renames.problems.length > 0) throw namesRefused(renames.problems)
  return renames
}

/** The precheck tells all of them, each by its own code. */
function namesRefused(problems: readonly NameProblem[]): SampanError {
  const named = problems.map(({ code, text }) => `${text} (${code})`)
  return new SampanError({
    code: 'NAMES_REFUSED',
    message: `the new names of the task cannot be given: ${listed(named, { between: '; ' })}`,
    remedy: 'nothing was made: mend the names in the task; sampan explain tells of each code in brackets',
  })
}

function brokenCode(broken: readonly string[]): readonly RunEvent[] {
  if (broken.length === 0) return []
  const message = `their bodies are text and keep the old names; they do not work until somebody mends them: ${listed(broken, { most: MOST_TOLD, between: '; ' })}`
  return [{ level: 'warning', step: 'PlanObjects', code: BREAKS_CODE, message }]
}

const MOST_TOLD = 50
