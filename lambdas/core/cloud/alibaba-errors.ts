import { SampanError } from '../runtime/errors.ts'
import { roleRefusal } from './alibaba-oidc-errors.ts'

/** An error of Alibaba Cloud. Only this room reads `alibabaCode`; the others see Sampan's own code. */
export class AlibabaError extends SampanError {
  /** Alibaba's own code, e.g. `InvalidDBInstanceId.NotFound`; the socket's where no answer came. */
  readonly alibabaCode: string
  /** True where the thing asked for is not there (any more): for removing, that means done. */
  readonly gone: boolean

  constructor(failure: AlibabaFailure) {
    super(describe(failure))
    this.name = 'AlibabaError'
    this.alibabaCode = failure.code
    this.gone = GONE.has(failure.code)
  }
}

/** What is known about a failed call, before it is judged. */
export interface AlibabaFailure {
  readonly action: string
  readonly code: string
  /** Already without secrets. */
  readonly message: string
  /** HTTP status, 0 where no answer came. */
  readonly status: number
  readonly requestId: string
  /** The call changes something: states that forbid it for the moment are worth waiting for. */
  readonly modifies: boolean
}

const GONE = new Set([
  'Forbidden.InstanceNotFound',
  'InvalidJobId',
  'InvalidDBInstanceId.NotFound',
  'InvalidDBInstance.NotFound',
])

/** Codes the Terraform provider of Alibaba repeats a call for. */
const BUSY = new Set([
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'Rejected.Throttling',
  'InternalError',
  'UnknownError',
  'RequestTimeout',
  'IncorrectDBInstanceState',
  'OperationDenied.DBStatus',
  'OperationDenied.DBInstanceStatus',
  'OperationDenied.DBClusterStatus',
  'OperationDenied.OutofUsage',
  'OperationDenied.AccountStatus',
  'ConcurrentTaskExceeded',
  'LockTimeout',
  'InstanceConnectTimeoutFault',
  'Database.ConnectError',
])

/** DTS job states that forbid a change only for the moment. */
const CHANGING = new Set([
  'InvalidJobStatus',
  'InvalidTaskStatus',
  'DTS.Msg.OperationDenied.JobStatusModifying',
  'DTS.Msg.ModifyDenied.JobStatusNotRunning',
])

const SOCKET = /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOST|ENET|RequestTimeoutError|NotJson)/
/** The session of a role was ended, or its clock is not ours: another one may hold. */
export const isTokenRefused = ({ code }: AlibabaFailure): boolean => code.startsWith('InvalidSecurityToken')

const CREDENTIALS =
  /^(Signature|IncompleteSignature|InvalidAccessKeyId|InvalidAccessKeySecret|InvalidSecurityToken|InvalidTimeStamp)/
const DENIED = /^(Forbidden\.RAM|NoPermission|Forbidden\.NoPermission|Forbidden$|NoCode)/

/** True where the same call may succeed later. An unlisted 4xx code is permanent. */
export function isBusy(failure: AlibabaFailure): boolean {
  if (failure.code.startsWith('Throttling') || BUSY.has(failure.code)) return true
  if (failure.modifies && CHANGING.has(failure.code)) return true
  return failure.status >= 500 || SOCKET.test(failure.code)
}

function describe(failure: AlibabaFailure) {
  const { action, code, message, requestId } = failure
  const said = `${action} failed: ${code}${message ? `: ${message}` : ''}${requestId ? ` (request ${requestId})` : ''}`
  if (isBusy(failure)) {
    const unreachable = failure.status === 0 || failure.status >= 500
    return {
      code: unreachable ? 'ALIBABA_UNREACHABLE' : 'ALIBABA_BUSY',
      message: said,
      remedy: unreachable
        ? 'check the way to the Alibaba Cloud endpoint; the call is repeated meanwhile'
        : 'nothing to do: the call is repeated',
      retryable: true,
      kind: unreachable ? ('connection' as const) : ('other' as const),
    }
  }
  const refused = roleRefusal(failure, said)
  if (refused) return refused
  if (CREDENTIALS.test(code)) {
    const remedy = 'check the Alibaba Cloud access key, its secret, the STS token’s expiry and the clock'
    return { code: 'ALIBABA_CREDENTIALS_REFUSED', message: said, remedy }
  }
  if (DENIED.test(code)) {
    const remedy =
      action === 'AssumeRole'
        ? 'allow sts:AssumeRole on the role in the RAM policy of the access key, and the key’s user in the trust policy of the role'
        : `allow ${action} in the RAM policy of the access key or role`
    return { code: 'ALIBABA_PERMISSION_MISSING', message: said, remedy }
  }
  if (code === 'OperationDenied.LockMode') {
    const remedy =
      'see in the console of the ApsaraDB instance why it is locked: it takes no change until that is over; what is open there is closed then, by the sweep'
    return { code: 'DST_INSTANCE_LOCKED', message: said, remedy }
  }
  if (GONE.has(code)) {
    return { code: 'ALIBABA_NOT_FOUND', message: said, remedy: 'check the instance id and the region in the task' }
  }
  return {
    code: 'ALIBABA_CALL_REFUSED',
    message: said,
    remedy: 'correct what the message names and start the task again',
  }
}
