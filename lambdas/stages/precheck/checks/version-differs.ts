import { majorNumber, majorOf } from '../../../core/postgres/versions.ts'
import { type Check, passed } from '../check.ts'

export const versionDiffers: Check = {
  code: 'DST_VERSION_DIFFERS',
  side: 'both',
  level: 'warning',
  scope: 'task',
  needs: ['source', 'destination'],
  title: 'the destination is not of a newer major version than the source',
  cause: 'the destination is of a newer major version: the application may meet changed behaviour',
  remedy: 'try the application on a pay-as-you-go instance of that version, then acknowledge this code',
  async run({ source, destinationServer }) {
    const [from, to] = [source.serverVersion, destinationServer.serverVersion]
    if (majorNumber(to) <= majorNumber(from)) return passed
    return [{ cause: `the source runs PostgreSQL ${majorOf(from)}, the destination ${majorOf(to)}` }]
  },
}
