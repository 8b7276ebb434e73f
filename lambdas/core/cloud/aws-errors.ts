import { SampanError, type SampanErrorFields } from '../runtime/errors.ts'

/** An error of an AWS service. Only this room reads `awsCode`; the others see Sampan's own code. */
export class AwsError extends SampanError {
  /** The service's own code, e.g. `InvalidPermission.Duplicate`. */
  readonly awsCode: string

  constructor(awsCode: string, fields: SampanErrorFields) {
    super(fields)
    this.name = 'AwsError'
    this.awsCode = awsCode
  }
}

/** Runs one AWS call and maps whatever it throws. `doing` completes "could not …". */
export async function awsCall<Answer>(doing: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call()
  } catch (error) {
    throw toAwsError(error, doing)
  }
}

/** Maps an SDK error once. An abort stays what it is: the step's wrapper knows it. */
export function toAwsError(thrown: unknown, doing: string): unknown {
  if (thrown instanceof SampanError || !(thrown instanceof Error) || thrown.name === 'AbortError') return thrown
  const { code, status } = facts(thrown)
  return new AwsError(code, { ...describe(thrown, code, status, doing), cause: withoutDetails(thrown) })
}

function describe(error: Error, code: string, status: number, doing: string): SampanErrorFields {
  const said = `could not ${doing}: ${code}${firstLine(error.message)}`
  if (THROTTLED.test(code)) {
    return { code: 'AWS_THROTTLED', message: said, remedy: THROTTLED_REMEDY, retryable: true }
  }
  if (code === 'CredentialsProviderError' && /from any providers/.test(error.message)) {
    const remedy =
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE after `aws configure` or `aws sso login`'
    return { code: 'AWS_CREDENTIALS_MISSING', message: `could not ${doing}: no AWS credentials are given`, remedy }
  }
  if (CREDENTIALS.test(code)) {
    const remedy = 'check the AWS credentials this runs with: key, secret, session token, expiry and the clock'
    return { code: 'AWS_CREDENTIALS_REFUSED', message: said, remedy }
  }
  if (DENIED.test(code) || status === 403) {
    const remedy = 'allow the action named in the message in the IAM policy of the role this runs with'
    return { code: 'AWS_PERMISSION_MISSING', message: said, remedy }
  }
  if (SOCKET.test(code) || status >= 500) {
    const remedy = 'check the way to the AWS endpoint (NAT, VPC endpoint, DNS) and its state'
    return { code: 'AWS_UNREACHABLE', message: said, remedy, retryable: true, kind: 'connection' }
  }
  return { code: 'AWS_CALL_REFUSED', message: said, remedy: 'correct what the message names and start the task again' }
}

const THROTTLED_REMEDY = 'nothing to do: the call is repeated; give a command that ends by it again in a minute'
const THROTTLED =
  /throttl|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimitExceeded|PriorRequestNotComplete/i
const CREDENTIALS =
  /CredentialsProviderError|ExpiredToken|InvalidClientTokenId|AuthFailure|SignatureDoesNotMatch|UnrecognizedClient|InvalidAccessKeyId|IncompleteSignature|RequestExpired/i
const DENIED = /UnauthorizedOperation|AccessDenied|NotAuthorized/i
const SOCKET =
  /^(ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|EHOST|ENET|TimeoutError|NetworkingError|InternalError|InternalFailure|ServiceUnavailable|Unavailable)/

function facts(error: Error): { readonly code: string; readonly status: number } {
  const fields = error as Error & {
    readonly Code?: unknown
    readonly code?: unknown
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  const socket = typeof fields.code === 'string' ? fields.code : undefined
  const service = typeof fields.Code === 'string' ? fields.Code : undefined
  return { code: service ?? socket ?? error.name, status: fields.$metadata?.httpStatusCode ?? 0 }
}

function firstLine(message: string): string {
  const line = (message.split('\n', 1)[0] ?? '').slice(0, 300)
  return line === '' ? '' : `: ${line}`
}

/** The cause without `$response`, which carries headers and sockets into logs. */
function withoutDetails(error: Error): Error {
  const cause = new Error(firstLine(error.message).slice(2))
  cause.name = error.name
  return cause
}
