import { listed } from '../../lambdas/core/present/listed.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { PlanEntry } from './digest.ts'

/** How many parts of a plan are named; `sampan plan` shows all. */
const NAMED = 10

/** How two plans differ, in words; empty where they do not. */
export function describeDrift(before: readonly PlanEntry[], now: readonly PlanEntry[]): string {
  const [old, present] = [byName(before), byName(now)]
  const came = [...present.keys()].filter((what) => !old.has(what))
  const gone = [...old.keys()].filter((what) => !present.has(what))
  const differ = [...present].flatMap(([what, digest]) => (old.has(what) && old.get(what) !== digest ? [what] : []))
  const groups = [
    ['new', came],
    ['gone', gone],
    ['different', differ],
  ] as const
  return groups.flatMap(([word, names]) => (names.length === 0 ? [] : [`${word}: ${listOf(names)}`])).join('; ')
}

/** Several objects of one name, rights above all, are taken together. */
function byName(entries: readonly PlanEntry[]): ReadonlyMap<string, string> {
  const several = new Set(entries.flatMap(({ database }) => database ?? [])).size > 1
  const groups = Map.groupBy(entries, ({ database, what }) =>
    database === null ? `${what} of the task` : several ? `${database}: ${what}` : what,
  )
  return new Map(
    [...groups].map(([what, group]) => [
      what,
      group
        .map(({ digest }) => digest)
        .toSorted()
        .join(' '),
    ]),
  )
}

function listOf(names: readonly string[]): string {
  return listed(names, { most: NAMED })
}

/** @param changes in words; `null` where the plan of that hash is not at hand */
export function planChanged(hash: string, now: string, changes: string | null): SampanError {
  const what = changes ?? 'what has changed is not known, as the directory of --out does not hold the plan of that hash'
  return new SampanError({
    code: 'PLAN_CHANGED',
    message: `the plan is ${now} now, not ${hash}: ${what}`,
    remedy: 'nothing was migrated: look at the plan again with `sampan plan`, then give run the hash that it prints',
  })
}
