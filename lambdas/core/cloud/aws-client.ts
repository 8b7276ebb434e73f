import type { CloudEnvironment } from './environment.ts'
import { type RoleCredentials, type RoleProvider, sourceCredentials, sourceRole } from './source-role.ts'

/** What every AWS client of this project is made with. */
export type ClientSettings = Omit<ReturnType<typeof common>, 'credentials'> & {
  readonly region: string
  readonly credentials?: NonNullable<ReturnType<typeof common>['credentials']> | RoleProvider
}

/** Whose account a service is asked in: the stack's own, or that of the source's instance, which may be another one. */
export type Account = 'own' | 'source'

/** A service's package and a client of it. */
export interface Service<Sdk, Client> {
  readonly sdk: Sdk
  readonly client: Client
}

/**
 * A service whose package is loaded, and whose client is made, on first use: EC2's alone takes half a second and 80 MB, and
 * most functions never call it. One client per set of credentials and region, so that connections are used again.
 */
export function lazyService<Sdk, Client>(
  load: () => Promise<Sdk>,
  make: (sdk: Sdk, settings: ClientSettings) => Client,
  account: Account = 'own',
): (environment: CloudEnvironment, region: string) => Promise<Service<Sdk, Client>> {
  const made = new Map<string, Promise<Service<Sdk, Client>>>()
  return (environment, region) => {
    const role = account === 'source' ? sourceRole(environment) : null
    const key = JSON.stringify([region, environment.SAMPAN_AWS_ENDPOINT, credentials(environment), role])
    const settings = () => {
      const own = common(environment)
      const assumed = role === null ? null : sourceCredentials(environment, own, region)
      return { ...own, region, ...(assumed === null ? {} : { credentials: assumed }) }
    }
    const service = made.get(key) ?? load().then((sdk) => ({ sdk, client: make(sdk, settings()) }))
    made.set(key, service)
    return service
  }
}

/** Every call here is small: an answer that takes ten seconds will not come. */
export function common(environment: CloudEnvironment) {
  return {
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    ...(environment.SAMPAN_AWS_ENDPOINT ? { endpoint: environment.SAMPAN_AWS_ENDPOINT } : {}),
    ...credentials(environment),
  }
}

/** Keys given in the environment; without them the SDK's own chain (profiles, SSO, the instance's role). */
function credentials(environment: CloudEnvironment): { readonly credentials?: RoleCredentials } {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return {}
  return {
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    },
  }
}
