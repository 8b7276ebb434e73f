import { z } from 'zod'
import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import type { Check } from './check.ts'
import type { Turns } from './runner.ts'
import type { Turn } from './turn.ts'

const why = z.enum(['prerequisite', 'crowded', 'unknown', 'failed'])
const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('found'),
    findings: z.array(
      z.object({
        cause: z.string(),
        remedy: z.string().optional(),
        details: z.array(z.string()).optional(),
        code: z.string().optional(),
      }),
    ),
  }),
  z.object({ kind: z.literal('not-run'), why, cause: z.string() }),
])
const untoldSchema = z.object({ why: z.enum(['prerequisite', 'unknown', 'failed', 'irrelevant']), cause: z.string() })
const schema = z.object({
  /** The checks that were asked, in their order: another version of Sampan begins anew. */
  checks: z.array(z.string()),
  turns: z.array(
    z.object({
      place: z.int(),
      database: z.string(),
      outcomes: z.array(outcomeSchema.nullable()),
      numbers: z.array(z.union([z.number(), untoldSchema])),
    }),
  ),
})

const NAME = 'precheck-so-far.json'

/** What earlier calls of this execution have found in databases that need not be looked at again. */
export async function readTurns(store: ArtefactStore, run: RunIdentity, checks: readonly Check[]): Promise<Turns> {
  const text = await store.read(artefactKey(run, NAME))
  if (text === null) return new Map()
  const found = schema.safeParse(JSON.parse(text)).data
  if (found === undefined || found.checks.join() !== codesOf(checks).join()) return new Map()
  const own = checks.filter(({ scope }) => scope === 'database')
  return new Map(
    found.turns.map(({ place, database, outcomes, numbers }): [number, Turn] => {
      const known = own.map((check, at) => {
        const outcome = outcomes[at] ?? null
        return outcome === null ? null : { check, database, ...outcome }
      })
      // zod knows no field that is there or not, only one that may be undefined.
      return [place, { outcomes: known as Turn['outcomes'], numbers }]
    }),
  )
}

/** Keeps what was found: the call after this one goes on from it. */
export async function keepTurns(
  store: ArtefactStore,
  run: RunIdentity,
  checks: readonly Check[],
  databases: readonly { readonly name: string }[],
  turns: Turns,
): Promise<void> {
  const kept = [...turns].map(([place, { outcomes, numbers }]) => ({
    place,
    database: databases[place]?.name ?? '',
    outcomes: outcomes.map((outcome) => {
      if (outcome === null) return null
      const { check: _, database: __, ...rest } = outcome
      return rest
    }),
    numbers,
  }))
  const document: z.input<typeof schema> = { checks: codesOf(checks), turns: kept as z.input<typeof schema>['turns'] }
  await store.write(artefactKey(run, NAME), JSON.stringify(document), 'application/json')
}

const codesOf = (checks: readonly Check[]): string[] => checks.map(({ code }) => code)
