import { readNames } from '../../../core/names/catalogue.ts'
import { isNothing, type Renames, schemaThere } from '../../../core/names/renames.ts'
import { resolveNames } from '../../../core/names/resolve.ts'
import { nameWishes } from '../../../core/task/table-options.ts'
import type { CheckContext } from '../context.ts'
import type { NamedObject } from './objects.ts'
import { chosenRelations } from './relations.ts'

/** The new names of this database; null where all are as on the source. */
export async function newNames(context: CheckContext): Promise<Renames | null> {
  const wishes = nameWishes(context.database)
  if (wishes === null) return null
  const [catalogue, chosen] = await Promise.all([readNames(context.source), context.fact(chosenRelations)])
  const oids = new Set(chosen.map(({ oid }) => oid))
  const renames = resolveNames(wishes, catalogue, ({ oid }) => oids.has(oid))
  return isNothing(renames) && renames.problems.length === 0 ? null : renames
}

/** What the objects are called on the destination: what is of a table lies where that lies. */
export async function namesThere(context: CheckContext): Promise<(object: NamedObject) => NamedObject> {
  const renames = await context.fact(newNames)
  if (renames === null) return (object) => object
  const byName = new Map([...renames.relations.values()].map(({ from, to }) => [keyOf(from.schema, from.name), to]))
  return (object) => {
    const isRelation = object.space === 'relation' || (object.space === 'type' && !object.standsAlone)
    const own = isRelation ? byName.get(keyOf(object.schema, object.name)) : undefined
    const owner = byName.get(keyOf(object.ownerSchema ?? '', object.ownerName ?? ''))
    const schema = own?.schema ?? owner?.schema ?? schemaThere(renames, object.schema)
    return { ...object, schema, name: own?.name ?? object.name }
  }
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
