import { type ExtensionPlace, findPlaces } from '../../../core/postgres/extension-places.ts'
import { type ExtensionRelation, readExtensionRelations } from '../../../core/postgres/extension-relations.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { neededExtensions } from './extensions.ts'

/** Tables and sequences of the extensions that come, but for those that the task excludes. */
export async function extensionRelations(context: CheckContext): Promise<readonly ExtensionRelation[]> {
  const [relations, extensions] = await Promise.all([
    readExtensionRelations(context.source),
    context.fact(neededExtensions),
  ])
  const needed = new Set(extensions.map(({ name }) => name))
  return relations.filter(
    ({ extension, schema, name }) => needed.has(extension) && !context.selection.excludesTable(schema, name),
  )
}

/** What the destination has for their configuration, by oid; nothing where it cannot be asked. */
export async function extensionPlaces(context: CheckContext): Promise<ReadonlyMap<number, ExtensionPlace>> {
  const relations = (await context.fact(extensionRelations)).filter(({ configuration }) => configuration)
  if (relations.length === 0 || !isThere(context)) return new Map()
  return findPlaces(await context.openAnother('destination'), context.source, relations)
}

function isThere(context: CheckContext): boolean {
  try {
    return !context.destinationMissing
  } catch (thrown) {
    if (thrown instanceof CannotRun) return false
    throw thrown
  }
}
