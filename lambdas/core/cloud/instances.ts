import { z } from 'zod'
import type { RunIdentity } from '../runtime/event.ts'
import type { ApsaraInstance } from './apsara.ts'
import { type ArtefactStore, artefactKey } from './artefacts.ts'
import type { RdsInstance } from './rds.ts'

/**
 * A fact about an instance that the precheck reports. `error` stops the run there, not in OpenAccess: all problems are
 * told at once.
 */
export interface InstanceFinding {
  /** E.g. `SRC_NOT_PUBLIC`. */
  readonly code: string
  readonly level: 'error' | 'warning'
  readonly message: string
  readonly remedy: string
}

/** `instances.json`: what OpenAccess found out, for the precheck and the report. `null` where a side is a plain host. */
export interface Instances {
  readonly source: RdsInstance | null
  readonly destination: ApsaraInstance | null
  readonly findings: readonly InstanceFinding[]
}

const file = 'instances.json'

export async function writeInstances(store: ArtefactStore, run: RunIdentity, instances: Instances): Promise<void> {
  await store.write(artefactKey(run, file), `${JSON.stringify(instances, null, 2)}\n`, 'application/json')
}

/** What OpenAccess found out; `null` before it ran. */
export async function readInstances(store: ArtefactStore, run: RunIdentity): Promise<Instances | null> {
  const text = await store.read(artefactKey(run, file))
  if (text === null) return null
  const instances: unknown = JSON.parse(text)
  outline.parse(instances)
  return instances as Instances
}

/** Written by ourselves: its outline is enough to tell a document of another version. */
const outline = z.looseObject({
  source: z.looseObject({ identifier: z.string() }).nullable(),
  destination: z.looseObject({ instance: z.string() }).nullable(),
  findings: z.array(z.looseObject({ code: z.string(), level: z.enum(['error', 'warning']) })),
})
