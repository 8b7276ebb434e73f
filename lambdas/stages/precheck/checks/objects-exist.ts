import { nameKey } from '../../../core/existing/tables.ts'
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
    // Tables that the task takes, what lies upon them, and what they cannot be without.
    const taken = new Set(met.map(({ source }) => nameKey(source)))
    const isTaken = ({ schema, name, ownerSchema, ownerName }: NamedObject) =>
      taken.has(nameKey({ schema: ownerSchema ?? schema, name: ownerName ?? name }))
    const names = new Set(wanted.filter((object) => !isTaken(object)).map((object) => keyOf(there(object))))
    const stays = new Set(needed.map(keyOf))
    const clashes = present.filter(
      (object) => names.has(keyOf(object)) && !created(object) && !stays.has(keyOf(object)),
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
  return JSON.stringify([object.space, object.schema, object.name, object.signature])
}
