import { givenInExcess, readGivenRights } from '../../../core/structure/given-rights.ts'
import { mapAllRights } from '../../../core/structure/map-rights.ts'
import { type Check, count, findingOf } from '../check.ts'
import { chosenRelations } from '../facts/relations.ts'
import { destinationRole, rolesByTask, sourceRole } from '../facts/role.ts'

/** Seal looks at everything once more, and carries the same code. */
export const rightsWider: Check = {
  code: 'RIGHTS_WIDER',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'nobody may do more on the destination than on the source',
  cause:
    'somebody may do more on the destination than on the source: by its default privileges, or on a schema or database that is there',
  remedy: 'take the rights listed back (REVOKE …, ALTER DEFAULT PRIVILEGES … REVOKE …), or acknowledge this code',
  async run(context) {
    const [map, found, there, relations, source, destination, roles, [database]] = await Promise.all([
      context.fact(rolesByTask),
      readGivenRights(context.source),
      readGivenRights(context.destination),
      context.fact(chosenRelations),
      context.fact(sourceRole),
      context.fact(destinationRole),
      context.source.rows<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles'),
      context.destination.rows<{ mine: boolean }>(
        `SELECT pg_catalog.pg_has_role(datdba, 'USAGE') AS mine
           FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
      ),
    ])
    const here = map === null ? found : mapAllRights(found, map)
    const schemas = new Set(relations.map(({ schema }) => schema))
    const known = new Set(roles.map(({ name }) => map?.(name) ?? name))
    const wider = givenInExcess(here, there, {
      sourceAccount: map?.(source.name) ?? source.name,
      account: destination.name,
      ownsDatabase: database?.mine ?? false,
      everything: context.selection.everything,
      isSchemaChosen: (name) => schemas.has(name),
      isRoleOfSource: (name) => known.has(name),
    })
    return findingOf(
      wider.map(({ what, wider: phrases }) => `${what}: ${phrases.join('; ')}`),
      (number) => `the destination gives more than the source in ${count(number, 'place')}`,
    )
  },
}
