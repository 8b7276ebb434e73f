import { stays } from '../../../core/existing/meetings.ts'
import { nameKey } from '../../../core/existing/tables.ts'
import { withoutKeywordQuotes } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import { CannotRun } from '../context.ts'
import { createdByThisRun } from '../facts/created.ts'
import { largeObjectsInTheWay } from '../facts/large-objects.ts'
import { meetings, neededThere } from '../facts/meetings.ts'
import { namesThere } from '../facts/names.ts'
import { destinationObjects, type NamedObject, sourceObjects } from '../facts/objects.ts'
import { sourceThatIsDestination } from '../facts/same-database.ts'
import { shownName } from '../facts/sql.ts'

export const objectsExist: Check = {
  code: 'DST_OBJECTS_EXIST',
  side: 'destination',
  level: 'error',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'no object under a name that is to be given stands in the destination',
  cause:
    'tables, views, sequences, types or functions of the same names, or large objects, are in the destination already',
  remedy:
    'drop or rename them (large objects: SELECT lo_unlink(OID)), choose fewer (exclude), say "conflicts" of tables, or migrate into another database (as)',
  async run(context) {
    if ((await context.fact(sourceThatIsDestination)) !== null)
      throw new CannotRun('prerequisite', 'source and destination are one and the same database')
    const [wanted, there, present, created, large, met, needed] = await Promise.all([
      sourceObjects(context),
      namesThere(context),
      destinationObjects(context),
      createdByThisRun(context),
      largeObjectsInTheWay(context),
      context.fact(meetings),
      context.fact(neededThere),
    ])
    // Upon a table that stays nothing is made but what its sequences are; what goes with one that is dropped is in nobody's way.
    const kept = new Set(met.filter(stays).map(({ source }) => nameKey(source)))
    const standing = new Set(met.map((one) => nameKey(one.there)))
    const table = ({ schema, name, ownerSchema, ownerName }: NamedObject) =>
      nameKey({ schema: ownerSchema ?? schema, name: ownerName ?? name })
    const made = wanted.filter((object) => object.kind === 'sequence' || !kept.has(table(object)))
    const names = new Set(made.map((object) => keyOf(there(object))))
    const needs = new Set(needed.map(keyOf))
    const clashes = present.filter(
      (object) =>
        names.has(keyOf(object)) && !created(object) && !needs.has(keyOf(object)) && !standing.has(table(object)),
    )
    return findingOf(
      [
        ...new Set(
          clashes.map((object) => `${object.kind} ${shownName(object.schema, object.name)}${object.signature}`),
        ),
        ...large,
      ],
      (number) => `${count(number, 'object')} in the way in the destination`,
    )
  },
}

/** Tables, views, sequences and indexes share one space of names, types another; functions differ by their arguments too. */
function keyOf(object: Pick<NamedObject, 'space' | 'schema' | 'name' | 'signature'>): string {
  return JSON.stringify([object.space, object.schema, object.name, withoutKeywordQuotes(object.signature)])
}
