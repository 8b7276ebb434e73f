import { join } from 'node:path'
import { z } from 'zod'
import { readPrivately, writePrivately } from '../../lambdas/core/runtime/private-files.ts'
import type { PlanEntry } from './digest.ts'

/** The latest plan, in the directory of --out. */
const PLAN = 'plan.json'

const entrySchema = z.object({ database: z.string().nullable(), what: z.string(), digest: z.string() })
const planSchema = z.looseObject({ hash: z.string(), entries: z.array(entrySchema) })

export async function writePlan(directory: string, plan: object): Promise<void> {
  await writePrivately(directory, join(directory, PLAN), `${JSON.stringify(plan, null, 2)}\n`)
}

/** What the plan of that hash was made of; `null` where the directory has another one, or none that can be read. */
export async function readPlanEntries(directory: string, hash: string): Promise<readonly PlanEntry[] | null> {
  const text = await readPrivately(directory, join(directory, PLAN))
  if (text === null) return null
  try {
    const plan = planSchema.parse(JSON.parse(text))
    return plan.hash === hash ? plan.entries : null
  } catch {
    return null
  }
}
