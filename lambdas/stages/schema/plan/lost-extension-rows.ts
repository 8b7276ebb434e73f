import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { ExtensionRelation } from '../../../core/postgres/extension-relations.ts'
import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { migrates } from '../../../core/task/mode.ts'
import type { Task } from '../../../core/task/task.ts'
import type { PlanInput } from './plan.ts'

/** A task that acknowledges it goes on without such rows. */
const CODE = 'EXTENSION_ROWS'

/**
 * Rows of extensions' configuration that the destination has no place for are told before anything is made: the precheck may have
 * had no destination to look at, or both ends have changed since.
 * @throws SampanError `EXTENSION_ROWS`
 */
export async function requireExtensionRows(
  source: Session,
  { facts, places }: Pick<PlanInput, 'facts' | 'places'>,
  objects: readonly PlannedObject[],
  { mode, precheck }: Pick<Task, 'mode' | 'precheck'>,
): Promise<void> {
  if (!migrates(mode) || precheck.acknowledge.includes(CODE)) return
  const lost = objects.flatMap((object) => {
    const relation = facts.configuration.find(({ oid }) => oid === object.oid)
    if (object.status !== 'skipped' || relation === undefined) return []
    // What the task leaves out itself is none of these.
    return !relation.readable || places?.get(relation.oid)?.obstacle === object.reason ? [{ object, relation }] : []
  })
  const answers = await Promise.all(lost.map(({ relation }) => isUsed(source, relation)))
  const told = lost.filter((_, index) => answers[index]).map(({ object }) => `${objectName(object)}: ${object.reason}`)
  if (told.length === 0) return
  throw new SampanError({
    code: CODE,
    message: `rows of extensions cannot come: ${told.join('; ')}`,
    remedy: `nothing was made: mend what is said of each, or acknowledge ${CODE} to leave them behind, then start again`,
  })
}

async function isUsed(source: Session, { readable, kind, schema, name, where }: ExtensionRelation): Promise<boolean> {
  if (!readable) return true
  const rows = `SELECT FROM ONLY ${quoteQualified(schema, name)} WHERE (${where}\n)`
  const used = kind === 'table' ? `EXISTS (${rows})` : `(SELECT is_called FROM ${quoteQualified(schema, name)})`
  const [row] = await source.rows<{ used: boolean }>(`SELECT ${used} AS used`)
  return row?.used === true
}
