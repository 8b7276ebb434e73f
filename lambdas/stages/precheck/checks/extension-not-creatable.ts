import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { undone } from '../../../core/postgres/undone.ts'
import { type Check, count, findingOf } from '../check.ts'
import { neededExtensions, offeredExtensions } from '../facts/extensions.ts'

export const extensionNotCreatable: Check = {
  code: 'EXTENSION_NOT_CREATABLE',
  side: 'destination',
  level: 'error',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'the account can create the extensions in the destination',
  cause:
    'CREATE EXTENSION was tried in the destination, undone, and failed: a right or a setting of the server is missing',
  remedy: 'log in as the privileged account, or have the extension created there beforehand',
  async run(context) {
    const { destination } = context
    const [needed, offered] = await Promise.all([context.fact(neededExtensions), context.fact(offeredExtensions)])
    const toCreate = needed.filter(({ name }) => offered.get(name)?.installedVersion === null)
    const answers = await Promise.all(toCreate.map(({ name }) => probe(destination, name)))
    return findingOf(
      answers.filter((answer) => answer !== null),
      (number) => `${count(number, 'extension')} cannot be created in the destination`,
    )
  },
}

async function probe(destination: Session, name: string): Promise<string | null> {
  try {
    // Without SCHEMA, as some extensions insist on one of their own; the others need one to go to.
    await undone(
      destination,
      `CREATE SCHEMA sampan_probe;
       SELECT pg_catalog.set_config('search_path', 'sampan_probe', true);
       CREATE EXTENSION ${quoteIdentifier(name)} CASCADE`,
    )
    return null
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    return `${name}: ${thrown.message}`
  }
}
