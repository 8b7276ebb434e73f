import type RPCClient from '@alicloud/pop-core'
import { SampanError } from '../runtime/errors.ts'
import {
  type AlibabaCredentials,
  type AlibabaProvider,
  alibabaCredentials,
  CREDENTIAL_VARIABLES,
  ROLE_VARIABLES,
} from './alibaba-credentials.ts'
import { type AlibabaProduct, alibabaEndpoint, apiVersions } from './alibaba-endpoints.ts'
import { AlibabaError, type AlibabaFailure, isBusy, isTokenRefused } from './alibaba-errors.ts'
import { assumeRamRole, assumeRoleByToken } from './alibaba-role.ts'
import { failureOfAnswer, failureOfThrown, plain, sendable } from './alibaba-wire.ts'
import { type CloudEnvironment, variable } from './environment.ts'
import { identityToken } from './identity-token.ts'
import { backoff, orStopped, type Patience, pause } from './pause.ts'

export interface AlibabaCall {
  readonly product: AlibabaProduct
  readonly region: string
  /** E.g. `DescribeDBInstanceAttribute`. */
  readonly action: string
  readonly parameters?: Readonly<Record<string, unknown>>
  /** The call changes something: DTS states that forbid it for the moment are waited for. */
  readonly modifies?: boolean
  /** What of the parameters must not appear in a message. */
  readonly secrets?: readonly string[]
  readonly signal?: AbortSignal
}

/** The one way to Alibaba Cloud's RPC API. */
export interface Alibaba {
  /**
   * One call, repeated while the service is busy or unreachable.
   * @returns the answer as plain objects; integers above 2^53 as text
   * @throws AlibabaError, or SampanError `ALIBABA_CREDENTIALS_MISSING`
   */
  call(call: AlibabaCall): Promise<Readonly<Record<string, unknown>>>
}

const PATIENCE: Patience = { attempts: 6, firstPause: 400, longestPause: 8_000 }

/**
 * Codes that are no errors. `DescribePreCheckStatus` answers with the job's code in `Code` ("01" …), which pop-core takes
 * for an error unless it is told.
 */
const HARMLESS_CODES = ['01', '02', '03', '04', '05', '07']

/** What pop-core takes; its own type does not know of credential providers. */
interface PopCoreConfig {
  readonly endpoint: string
  readonly apiVersion: string
  readonly codes: readonly string[]
  readonly credentialsProvider: { getCredentials(): Promise<AlibabaCredentials | null> }
  readonly opts: Readonly<Record<string, unknown>>
}

type PopCore = Pick<RPCClient, 'request'>
type PopCoreClass = new (config: PopCoreConfig, verbose: true) => PopCore

const known = new Map<string, Alibaba>()

/** The door of an environment; the same one for the same settings, so that connections are used again. */
export function alibaba(environment: CloudEnvironment, patience: Patience = PATIENCE): Alibaba {
  const settings = ['SAMPAN_ALIBABA_ENDPOINT', 'SAMPAN_ALIBABA_SECRET', ...CREDENTIAL_VARIABLES, ...ROLE_VARIABLES]
  const key = JSON.stringify([patience, settings.map((name) => variable(environment, name))])
  const door = known.get(key) ?? open(environment, patience, byRole(environment, patience))
  known.set(key, door)
  return door
}

/** What calls are signed with; a role is assumed through a door of its own, signed with the key, or by a token not at all. */
function byRole(environment: CloudEnvironment, patience: Patience): AlibabaProvider {
  const calling =
    (signedBy: AlibabaProvider | null, secrets: readonly string[] = []) =>
    (action: string, parameters: Readonly<Record<string, unknown>>) =>
      open(environment, patience, signedBy).call({ product: 'sts', region: CENTRAL, action, parameters, secrets })
  return alibabaCredentials(environment, {
    byKey: (key, roleArn) => {
      const fixed = Object.assign(async () => key, { refused: () => false })
      return assumeRamRole(calling(fixed), roleArn)
    },
    byToken: async (role) => {
      const token = await identityToken(environment, role.audience)
      return assumeRoleByToken(calling(null, [token]), role, token)
    },
  })
}

/** Where the central host of STS stands. */
const CENTRAL = 'cn-hangzhou'

function open(environment: CloudEnvironment, patience: Patience, credentials: AlibabaProvider | null): Alibaba {
  const clients = new Map<string, Promise<PopCore>>()

  const clientOf = (product: AlibabaProduct, region: string): Promise<PopCore> => {
    const endpoint = alibabaEndpoint(product, region, environment)
    const key = `${product} ${endpoint}`
    const client = clients.get(key) ?? make(product, endpoint)
    clients.set(key, client)
    return client
  }
  const make = async (product: AlibabaProduct, endpoint: string): Promise<PopCore> => {
    // Loaded on first use: a task between plain hosts never calls.
    const PopCoreClient = (await import('@alicloud/pop-core')).default as unknown as PopCoreClass
    return new PopCoreClient(
      {
        endpoint,
        apiVersion: apiVersions[product],
        codes: HARMLESS_CODES,
        credentialsProvider: { getCredentials: async () => (await credentials?.()) ?? null },
        // GET would put key id, signature and passwords into error messages. pop-core compares with 'POST' exactly.
        // Its `connectTimeout` is in truth the socket's idle time; without both, three seconds are all a call gets.
        opts: { method: 'POST', readTimeout: 15_000, connectTimeout: 15_000 },
      },
      true,
    )
  }

  const once = async (call: AlibabaCall): Promise<Readonly<Record<string, unknown>> | AlibabaFailure> => {
    // Asked for before pop-core asks: a provider that fails must fail here, an empty one must never send unsigned.
    const secrets = [...Object.values((await credentials?.()) ?? {}), ...(call.secrets ?? [])]
    const about = { action: call.action, modifies: call.modifies ?? false, secrets }
    const parameters = { RegionId: call.region, ...sendable(call.parameters ?? {}) }
    let answer: unknown
    try {
      const client = await clientOf(call.product, call.region)
      answer = await client.request(call.action, parameters)
    } catch (error) {
      if (error instanceof SampanError) throw error
      return failureOfThrown(error, about)
    }
    const [body, entry] = answer as [unknown, { readonly response: { readonly statusCode: number } }]
    const result = plain(body)
    return failureOfAnswer(result, entry.response.statusCode, about) ?? (result as Record<string, unknown>)
  }

  return {
    async call(call) {
      let renewed = false
      for (let attempt = 1; ; attempt++) {
        call.signal?.throwIfAborted()
        const answer = await orStopped(once(call), call.signal)
        if (!isFailure(answer)) return answer
        if (!renewed && isTokenRefused(answer) && credentials?.refused()) {
          renewed = true
          continue
        }
        if (!isBusy(answer) || attempt >= patience.attempts) throw new AlibabaError(answer)
        await pause(backoff(patience, attempt), call.signal)
      }
    },
  }
}

const isFailure = (answer: object): answer is AlibabaFailure => 'modifies' in answer && 'action' in answer
