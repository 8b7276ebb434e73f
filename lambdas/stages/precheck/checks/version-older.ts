import { majorNumber, majorOf } from '../../../core/postgres/versions.ts'
import { type Check, passed } from '../check.ts'

export const versionOlder: Check = {
  code: 'DST_VERSION_OLDER',
  side: 'both',
  level: 'error',
  scope: 'task',
  needs: ['source', 'destination'],
  title: 'the destination is not of an older major version than the source',
  cause: 'the destination is of an older major version: objects of the newer one cannot be created there',
  remedy: 'migrate to an instance of the source’s major version or a later one',
  async run({ source, destinationServer }) {
    const [from, to] = [source.serverVersion, destinationServer.serverVersion]
    if (majorNumber(to) >= majorNumber(from)) return passed
    return [{ cause: `the source runs PostgreSQL ${majorOf(from)}, the destination only ${majorOf(to)}` }]
  },
}
