import { MINIMUM_SERVER_VERSION } from '../../../core/ledger/migrate.ts'
import { majorOf } from '../../../core/postgres/versions.ts'
import { type Check, passed } from '../check.ts'

export const destinationVersion: Check = {
  code: 'DST_VERSION_UNSUPPORTED',
  side: 'destination',
  level: 'error',
  scope: 'task',
  needs: ['destination'],
  title: 'the destination runs PostgreSQL 10 or later',
  cause: 'the destination is older than 10, which the ledger needs',
  remedy: 'migrate to an instance of PostgreSQL 10 or later, best of the source’s own major version',
  async run({ destinationServer }) {
    if (destinationServer.serverVersion >= MINIMUM_SERVER_VERSION) return passed
    return [{ cause: `the destination runs PostgreSQL ${majorOf(destinationServer.serverVersion)}` }]
  },
}
