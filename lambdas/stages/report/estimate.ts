import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ArtefactStore } from '../../core/cloud/artefacts.ts'
import { canonicalJson } from '../../core/ledger/run.ts'
import { parseJson } from '../../core/runtime/parse-json.ts'
import type { Estimate, Report, TaskReport } from './model.ts'

/** What `sampan plan` leaves in the directory of its documents. */
const PLAN = 'plan.json'

const span = z.object({ low: z.number().nonnegative(), high: z.number().nonnegative() })
const planDocument = z.object({
  run: z.string(),
  hash: z.string(),
  madeAt: z.string(),
  time: z.object({ seconds: span, copy: span, index: span, compare: span }),
})

/** What the latest plan of this run has said; `null` where there is none, or none that was measured. */
export async function readEstimate(store: ArtefactStore, run: string): Promise<Estimate | null> {
  const text = await store.read(PLAN).catch(() => null)
  if (text === null) return null
  const { success, data } = planDocument.safeParse(parseJson(text))
  if (!success || data.run !== run) return null
  const { seconds, copy, index, compare } = data.time
  return { hash: data.hash, madeAt: data.madeAt, seconds, copy, index, compare }
}

/** Of what is shown: never of a secret, nor of where one lies. */
export function taskHash(task: TaskReport): string {
  return createHash('sha256').update(canonicalJson(task)).digest('hex').slice(0, 16)
}

/** A part of the run, as it was estimated and as it was. */
export interface PartTaken {
  readonly name: string
  readonly estimated: Estimate['seconds']
  /** Of all databases together, by the ledgers' marks, seconds. */
  readonly took: number
}

/** Which of the report’s steps each part of an estimate is. */
const PARTS = [
  ['Copy rows', 'copy'],
  ['Indexes, keys, sequences', 'index'],
  ['Compare and seal', 'compare'],
] as const

/** Estimate and actual side by side; empty where there is no estimate, or the run did not come to its end. Pure. */
export function partsTaken({ estimate, status, databases }: Report): readonly PartTaken[] {
  if (!estimate || !(status === 'succeeded' || status === 'incomplete')) return []
  return PARTS.map(([name, part]) => {
    const steps = databases.flatMap((database) => database.steps.filter((step) => step.name === name))
    return { name, estimated: estimate[part], took: steps.reduce((sum, { seconds }) => sum + seconds, 0) }
  })
}
