import { type Check, count, findingOf } from '../check.ts'
import { createdByThisRun } from '../facts/created.ts'
import { extensionPlaces, extensionRelations } from '../facts/extension-data.ts'
import { shownName } from '../facts/sql.ts'

/** What the script of an extension writes the source has too, mostly: that is in nobody's way. */
export const extensionRowsThere: Check = {
  code: 'DST_EXTENSION_ROWS',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'extensions that the destination has already hold no rows of their own configuration',
  cause:
    'an extension stands on the destination with rows that the source does not have: the source’s rows replace them',
  remedy: 'delete them, or drop the extension there (Sampan creates it), or acknowledge this code: they are replaced',
  async run(context) {
    const [relations, places, created] = await Promise.all([
      context.fact(extensionRelations),
      context.fact(extensionPlaces),
      createdByThisRun(context),
    ])
    return findingOf(
      relations
        .filter(({ oid, schema, name }) => places.get(oid)?.others === true && !created({ schema, name }))
        .map(({ schema, name, extension }) => `${shownName(schema, name)} of ${extension}`),
      (number) => `rows of ${count(number, 'table')} of extensions would be replaced`,
    )
  },
}
