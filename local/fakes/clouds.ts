import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerAlibaba, checkRpcSignature, type FakeAlibaba, type FakeApsaraInstance, refusal } from './alibaba.ts'
import { checkToken, makeSts } from './alibaba-sts.ts'
import { answerEc2, Ec2Refusal, type FakeEc2, makeEc2 } from './ec2.ts'
import { type Fault, type Faults, makeFaults } from './faults.ts'
import { type FakeFederation, giveToken, makeFederation } from './identity-token.ts'
import { answerMonitoring, type FakeDatum, type FakeValue } from './monitoring.ts'
import { answerRds, type FakeRds, type FakeRdsCluster, type FakeRdsInstance } from './rds.ts'
import { answerS3, type FakeS3 } from './s3.ts'
import { checkSignature } from './sigv4.ts'
import { nested } from './xml.ts'

export interface FakeCloudsOptions {
  readonly rds?: readonly FakeRdsInstance[]
  readonly clusters?: readonly FakeRdsCluster[]
  readonly apsara?: readonly FakeApsaraInstance[]
  /** By region; without it ap-southeast-1 has four public and four internal blocks. */
  readonly dts?: Readonly<Record<string, { readonly white: string; readonly described: string }>>
  /** Text by the secret's ARN or name. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface FakeCall {
  /** Whose keys signed it: the role's that was assumed, or `own`. */
  readonly by: string
  readonly service: string
  readonly action: string
  readonly region: string
  /** HTTP method and address as sent. */
  readonly request: string
  /** As sent; empty for S3. */
  readonly parameters: Readonly<Record<string, string>>
}

export interface FakeState {
  readonly ec2: FakeEc2
  readonly rds: FakeRds
  readonly alibaba: FakeAlibaba
  readonly secrets: Map<string, string>
  readonly s3: FakeS3
  /** External id by the ARN of a role that may be assumed with it. */
  readonly roles: Map<string, string>
  /** How long the credentials of a role hold. */
  roleSeconds: number
  /** What GetWebIdentityToken gives out. */
  readonly federation: FakeFederation
  /** How many functions of the account may work at once. */
  concurrency: number
  /** What GetFunctionConfiguration tells, by the function's name. */
  readonly functions: Map<string, unknown>
  /** CPU by instance or cluster. */
  readonly cpu: Map<string, readonly FakeDatum[]>
  /** Bytes that are free on an instance's storage. */
  readonly freeStorage: Map<string, readonly FakeValue[]>
  /** Status by execution ARN, as DescribeExecution tells it. */
  readonly executions: Map<string, string>
  /** What they were started with, by the same. */
  readonly inputs: Map<string, unknown>
  readonly faults: Faults
  /** Every call that was answered or refused, in order. */
  readonly calls: FakeCall[]
}

export interface FakeClouds {
  readonly awsEndpoint: string
  readonly alibabaEndpoint: string
  /** Endpoints and keys, to be put into the environment of whoever calls. */
  readonly environment: Readonly<Record<string, string>>
  readonly state: FakeState
  stop(): Promise<void>
}

const KEYS = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'AKIDSAMPANFAKE00001',
  AWS_SECRET_ACCESS_KEY: 'fake-aws-secret-of-the-sampan-tests',
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAISampanFake0001',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'fake-alibaba-secret-of-the-sampan-tests',
} as const

/** Those of an assumed role; its session token is the role's ARN. */
const ASSUMED = { id: 'ASIASAMPANFAKE00001', secret: 'fake-secret-of-an-assumed-role' } as const

const SINGAPORE = {
  white: '47.88.133.0/24,47.88.139.0/24,47.74.206.0/24,47.88.235.0/24',
  described: '47.88.133.0/24,47.88.139.0/24, 47.74.206.0/24,47.88.235.0/24,11.193.8.0/24,10.45.241.0/24,10.45.244.0/24',
}

/**
 * Small fakes of EC2, RDS, Secrets Manager, S3, Step Functions, CloudWatch (one AWS endpoint) and of DTS and ApsaraDB (one Alibaba
 * endpoint), on loopback. They check signatures, keep state, and fail on request (`state.faults`).
 */
export async function startFakeClouds(options: FakeCloudsOptions = {}): Promise<FakeClouds> {
  const state: FakeState = {
    ec2: makeEc2(),
    rds: {
      instances: new Map((options.rds ?? []).map((one) => [one.identifier, one])),
      clusters: new Map((options.clusters ?? []).map((one) => [one.identifier, one])),
    },
    alibaba: {
      instances: new Map((options.apsara ?? []).map((one) => [one.instance, one])),
      dts: new Map(Object.entries(options.dts ?? { 'ap-southeast-1': SINGAPORE })),
      nonces: new Set(),
      sts: makeSts(),
    },
    secrets: new Map(Object.entries(options.secrets ?? {})),
    s3: new Map(),
    roles: new Map(),
    roleSeconds: 3600,
    federation: makeFederation(),
    concurrency: 1_000,
    functions: new Map(),
    cpu: new Map(),
    freeStorage: new Map(),
    executions: new Map(),
    inputs: new Map(),
    faults: makeFaults(),
    calls: [],
  }
  state.ec2.inUse = (group) =>
    [...state.rds.instances.values()].some((instance) => instance.securityGroups.includes(group))
  const aws = await listen((request, body) => answerAws(state, request, body))
  const alibaba = await listen((request, body) => answerRpc(state, request, body))
  return {
    awsEndpoint: aws.url,
    alibabaEndpoint: alibaba.url,
    environment: { ...KEYS, SAMPAN_AWS_ENDPOINT: aws.url, SAMPAN_ALIBABA_ENDPOINT: alibaba.url },
    state,
    stop: async () => {
      await Promise.all([aws.close(), alibaba.close()])
    },
  }
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
  readonly etag?: string
}

/** What the fake makes of a request: carried out at once, or only when its fault allows. */
interface Prepared {
  readonly fault: Fault | undefined
  readonly carryOut: () => Answer
  readonly throttled: () => Answer
  readonly error: (code: string, status: number, message: string) => Answer
}

async function listen(prepare: (request: IncomingMessage, body: Buffer) => Prepared | Answer) {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const prepared = prepare(request, Buffer.concat(parts))
    if ('carryOut' in prepared && prepared.fault?.kind === 'silence') return
    if ('carryOut' in prepared && prepared.fault?.kind === 'meanwhile') await prepared.fault.run()
    const answer = 'carryOut' in prepared ? answerOf(prepared) : prepared
    if (answer) send(response, answer)
    else response.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** The answer, or `null` where the connection just ends. */
function answerOf(prepared: Prepared): Answer | null {
  const { fault } = prepared
  switch (fault?.kind) {
    case 'throttle':
      return prepared.throttled()
    case 'error':
      return prepared.error(fault.code, fault.status ?? 400, fault.message ?? 'refused on purpose')
    case 'reset':
      return null
    case 'answer-lost':
      prepared.carryOut()
      return null
    case 'html':
      return { status: fault.status ?? 502, type: 'text/html', body: '<html><body>Bad Gateway</body></html>' }
    case 'answer':
      return { status: fault.status, type: 'application/json', body: fault.body }
    default:
      return prepared.carryOut()
  }
}

function send(response: ServerResponse, answer: Answer): void {
  const etag = answer.etag === undefined ? {} : { etag: answer.etag }
  response.writeHead(answer.status, { 'content-type': answer.type, 'x-amzn-requestid': 'FAKE-0000', ...etag })
  response.end(answer.body)
}

const json = (status: number, body: unknown): Answer => ({
  status,
  type: 'application/x-amz-json-1.1',
  body: JSON.stringify(body),
})
const xmlAnswer = (status: number, body: string): Answer => ({ status, type: 'text/xml', body })

function answerAws(state: FakeState, request: IncomingMessage, body: Buffer): Prepared | Answer {
  const method = request.method ?? 'GET'
  const url = request.url ?? '/'
  const token = request.headers['x-amz-security-token']
  const by = typeof token === 'string' && state.roles.has(token) ? token : 'own'
  const scope = checkSignature(
    { method, url, headers: request.headers, body },
    by === 'own' ? KEYS.AWS_ACCESS_KEY_ID : ASSUMED.id,
    by === 'own' ? KEYS.AWS_SECRET_ACCESS_KEY : ASSUMED.secret,
  )
  if ('refused' in scope) {
    const error = `<Errors><Error><Code>${scope.refused}</Code><Message>not signed rightly</Message></Error></Errors>`
    return xmlAnswer(403, `<Response>${error}<RequestID>FAKE</RequestID></Response>`)
  }
  const target = request.headers['x-amz-target']
  const form = new URLSearchParams(target || scope.service === 's3' ? '' : body.toString('utf8'))
  const action =
    typeof target === 'string'
      ? (target.split('.').at(-1) ?? '')
      : scope.service === 's3'
        ? `S3:${method}`
        : scope.service === 'lambda'
          ? lambdaAction(url)
          : (form.get('Action') ?? '')
  const parameters = typeof target === 'string' ? JSON.parse(body.toString('utf8')) : Object.fromEntries(form)
  state.calls.push({
    by,
    service: scope.service,
    action,
    region: scope.region,
    request: `${method} ${url}`,
    parameters,
  })

  const error = (code: string, status: number, message: string): Answer => {
    if (typeof target === 'string') return json(status, { __type: code, message })
    const inner = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
    if (scope.service === 'ec2')
      return xmlAnswer(status, `<Response><Errors>${inner}</Errors><RequestID>FAKE</RequestID></Response>`)
    return xmlAnswer(
      status,
      scope.service === 's3' ? inner : `<ErrorResponse>${inner}<RequestId>FAKE</RequestId></ErrorResponse>`,
    )
  }
  const throttled = () =>
    scope.service === 'ec2'
      ? error('RequestLimitExceeded', 503, 'Request limit exceeded.')
      : error('Throttling', 400, 'Rate exceeded')

  const carryOut = (): Answer => {
    switch (scope.service) {
      case 'ec2':
        try {
          const inside = answerEc2(state.ec2, action, nested(form), scope.region)
          return xmlAnswer(200, `<${action}Response><requestId>FAKE</requestId>${inside}</${action}Response>`)
        } catch (refused) {
          if (refused instanceof Ec2Refusal) return error(refused.code, 400, refused.message)
          throw refused
        }
      case 'rds': {
        const inside = answerRds(state.rds, action, nested(form), scope.region)
        if (typeof inside !== 'string') return error(inside.code, 404, `${inside.code}.`)
        return xmlAnswer(200, `<${action}Response><${action}Result>${inside}</${action}Result></${action}Response>`)
      }
      case 'sts': {
        if (action === 'GetWebIdentityToken') {
          const given = giveToken(state.federation, form)
          if ('code' in given) return error(given.code, given.status, given.message)
          const inside = `<WebIdentityToken>${given.token}</WebIdentityToken><Expiration>${given.expires.toISOString()}</Expiration>`
          return xmlAnswer(200, `<${action}Response><${action}Result>${inside}</${action}Result></${action}Response>`)
        }
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        const role = String(form.get('RoleArn'))
        if (action !== 'AssumeRole' || state.roles.get(role) !== (form.get('ExternalId') ?? ''))
          return error('AccessDenied', 403, `not authorized to perform: sts:AssumeRole on resource: ${role}`)
        const until = new Date(Date.now() + state.roleSeconds * 1000).toISOString()
        const keys = `<AccessKeyId>${ASSUMED.id}</AccessKeyId><SecretAccessKey>${ASSUMED.secret}</SecretAccessKey>`
        const inside = `<Credentials>${keys}<SessionToken>${role}</SessionToken><Expiration>${until}</Expiration></Credentials>`
        return xmlAnswer(200, `<AssumeRoleResponse><AssumeRoleResult>${inside}</AssumeRoleResult></AssumeRoleResponse>`)
      }
      case 'secretsmanager': {
        const text = state.secrets.get(String(parameters.SecretId))
        if (text === undefined)
          return error('ResourceNotFoundException', 400, 'Secrets Manager can’t find the specified secret.')
        return json(200, { ARN: parameters.SecretId, Name: parameters.SecretId, SecretString: text })
      }
      case 'states': {
        const status = state.executions.get(String(parameters.executionArn))
        if (status === undefined) return error('ExecutionDoesNotExist', 400, 'Execution Does Not Exist')
        return json(200, {
          executionArn: parameters.executionArn,
          status,
          input: JSON.stringify(state.inputs.get(String(parameters.executionArn)) ?? {}),
          startDate: 1_700_000_000,
          stateMachineArn: 'arn',
        })
      }
      case 'lambda': {
        // https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
        if (action === 'GetFunctionConfiguration') {
          // https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
          const found = state.functions.get(decodeURIComponent(url.split('/')[3] ?? ''))
          return found ? json(200, found) : lambdaRefusal('ResourceNotFoundException')
        }
        if (url !== '/2016-08-19/account-settings') return error('ResourceNotFoundException', 404, url)
        const { concurrency } = state
        const limit = { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: concurrency }
        return json(200, { AccountLimit: limit, AccountUsage: { FunctionCount: 23, TotalCodeSize: 1 } })
      }
      case 'monitoring':
        return json(200, answerMonitoring(state, parameters))
      case 's3': {
        const answer = answerS3(state.s3, method, url, body, request.headers)
        return { ...answer, type: 'application/xml' }
      }
      default:
        return error('UnknownService', 400, scope.service)
    }
  }
  return { fault: state.faults.take(action), carryOut, throttled, error }
}

const lambdaAction = (url: string) =>
  /\/functions\/[^/]+\/configuration$/.test(url) ? 'GetFunctionConfiguration' : 'GetAccountSettings'

/** Lambda's API is REST: the error's name is in a header, or as here in the body. */
const lambdaRefusal = (__type: string) => json(404, { __type, Message: 'Function not found' })

const RPC_SERVICES: Readonly<Record<string, string>> = { '2020-01-01': 'dts', '2015-04-01': 'sts' }

function answerRpc(state: FakeState, request: IncomingMessage, body: Buffer): Prepared | Answer {
  const method = request.method ?? 'GET'
  const query = (request.url ?? '').split('?')[1] ?? ''
  const parameters = new URLSearchParams(method === 'POST' ? body.toString('utf8') : query)
  const service = RPC_SERVICES[parameters.get('Version') ?? ''] ?? 'apsara'
  const action = parameters.get('Action') ?? ''
  const region = parameters.get('RegionId') ?? ''
  const sent = `${method} ${request.url ?? ''}`
  const session = state.alibaba.sts.sessions.get(parameters.get('AccessKeyId') ?? '')
  const by = session?.role ?? (parameters.has('Signature') ? 'own' : 'nobody')
  state.calls.push({ by, service, action, region, request: sent, parameters: Object.fromEntries(parameters) })
  const plain = (answer: { readonly status: number; readonly body: unknown }): Answer =>
    json(answer.status, answer.body)
  const error = (code: string, status: number, message: string) => plain(refusal(status, code, message))
  const { ALIBABA_CLOUD_ACCESS_KEY_ID: id, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret } = KEYS
  const key = session ? (parameters.get('AccessKeyId') ?? '') : id
  // The one call that nobody signs: the token is what it is trusted by.
  const open = service === 'sts' && action === 'AssumeRoleWithOIDC' && !parameters.has('Signature')
  const unsigned = open
    ? undefined
    : checkRpcSignature(state.alibaba, method, parameters, key, session?.secret ?? secret)
  const refused = unsigned ?? (session && checkToken(session, parameters))
  if (refused) return plain(refused)
  return {
    fault: state.faults.take(action),
    carryOut: () => plain(answerAlibaba(state.alibaba, parameters)),
    throttled: () => error('Throttling.User', 400, 'Request was denied due to user flow control.'),
    error,
  }
}
