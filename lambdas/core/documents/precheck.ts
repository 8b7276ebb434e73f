import { z } from 'zod'

/** One line of the precheck as it is kept and shown. */
const precheckItemSchema = z.object({
  code: z.string(),
  side: z.enum(['source', 'destination', 'both', 'task']),
  /** The source database's name; `null` where the check is about a server or the task. */
  database: z.string().nullable(),
  level: z.enum(['error', 'warning', 'info']),
  /** `acknowledged`: found, and accepted in the task. `not-run`: the question could not be asked; `cause` tells why. */
  status: z.enum(['passed', 'failed', 'acknowledged', 'not-run']),
  /** True where the run is refused for this item. */
  blocks: z.boolean(),
  /** What holds when it passes. */
  title: z.string(),
  /** `null` where it passed. */
  cause: z.string().nullable(),
  remedy: z.string().nullable(),
  details: z.array(z.string()).readonly(),
})

/** The artefact `precheck.json`. */
export const precheckDocumentSchema = z.object({
  /** Percent, 0 to 100; 100 where nothing blocks. */
  score: z.int().min(0).max(100),
  refused: z.boolean(),
  items: z.array(precheckItemSchema).readonly(),
})

export type PrecheckItem = z.output<typeof precheckItemSchema>
export type PrecheckDocument = z.output<typeof precheckDocumentSchema>
