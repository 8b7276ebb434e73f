import { lazyClient } from './aws-client.ts'

/** The package, loaded on first use. */
export const secretsManagerSdk = () => import('@aws-sdk/client-secrets-manager')

export const secretsManagerClient = lazyClient(
  async (settings) => new (await secretsManagerSdk()).SecretsManagerClient(settings),
)
