import { posix } from 'node:path'
import type { BrokenRule } from './rule.ts'

/** Variables with the clouds' own credentials: a task that names one would give them to the server it names as host. */
const CREDENTIALS = /^(AWS_|ALI(BABA|)_?CLOUD_|_X_AMZN_|AMAZON_)/i

/** Where the clouds' tools keep credentials, and where the system shows a process's memory and variables. */
const CREDENTIAL_FILES = /^\/(proc|sys|dev)(\/|$)|\/\.(aws|aliyun|alibabacloud)\//

const REFUSED: BrokenRule = {
  code: 'TASK_SECRET_OF_THE_CLOUD',
  message: 'names credentials of the cloud, or a file of the system, as the secret of a database',
  remedy: 'give a variable or a file that holds this password alone, or a Secrets Manager secret',
}

/** What no task may take for a password, a certificate or a key, not even on one's own machine; null where it may. */
export function refusedReference(reference: string): BrokenRule | null {
  if (reference.startsWith('env:')) return CREDENTIALS.test(reference.slice('env:'.length)) ? REFUSED : null
  return reference.startsWith('file:') ? refusedFile(reference.slice('file:'.length)) : null
}

/** @param path as written, or as links lead */
export function refusedFile(path: string): BrokenRule | null {
  return CREDENTIAL_FILES.test(posix.normalize(path).replace(/^\/+/, '/')) ? REFUSED : null
}
