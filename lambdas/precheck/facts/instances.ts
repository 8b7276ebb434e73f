import { z } from 'zod'
import { artefactKey, artefacts } from '../../cloud/artefacts.ts'
import type { Environment } from '../../runtime/environment.ts'
import type { RunIdentity } from '../../runtime/event.ts'

/** What the clouds told about the two instances when access was opened; only the fields that checks ask for. */
const instancesSchema = z.object({
  source: z
    .object({ identifier: z.string(), status: z.string(), engine: z.string(), publiclyAccessible: z.boolean() })
    .nullish(),
  destination: z
    .object({
      instance: z.string(),
      status: z.string(),
      lockMode: z.string(),
      engine: z.string(),
      /** Bytes. */
      storage: z.number(),
      /** Bytes; `null` where the service does not tell. */
      storageUsed: z.number().nullable(),
    })
    .nullish(),
})

export type InstanceFacts = z.output<typeof instancesSchema>

/** Reads them from the run's artefact; `null` where there is none, or it is of another form. */
export async function readInstances(environment: Environment, run: RunIdentity): Promise<InstanceFacts | null> {
  const text = await artefacts(environment).read(artefactKey(run, 'instances.json'))
  if (text === null) return null
  const parsed = instancesSchema.safeParse(JSON.parse(text))
  return parsed.success ? parsed.data : null
}
