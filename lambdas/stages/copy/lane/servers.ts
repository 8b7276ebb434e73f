import { destinationPath, type SourceIdentity } from '../../../core/ledger/run.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { HASH_ARRAYS } from '../../../core/postgres/hash-bytes.ts'
import { OWN_PATH } from '../../../core/postgres/search-path.ts'
import type { CopyServers } from '../../../core/rows/cargo.ts'
import type { Task } from '../../../core/task/task.ts'

/** What both servers are, from their own words at the start of the sessions. */
export function copyServers(source: Session, destination: Session, task: Task, identity: SourceIdentity): CopyServers {
  return {
    sourceVersion: source.serverVersion,
    sourceEncoding: source.parameters.get('server_encoding') ?? 'UTF8',
    destinationEncoding: destination.parameters.get('server_encoding') ?? 'UTF8',
    modernDigest: Math.min(source.serverVersion, destination.serverVersion) >= HASH_ARRAYS,
    digests: task.validation.mode === 'full',
    searchPath: identity.searchPath ?? OWN_PATH,
    destinationSearchPath: destinationPath(identity),
  }
}
