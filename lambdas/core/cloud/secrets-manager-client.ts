import { lazyService } from './aws-client.ts'

export const secretsManager = lazyService(
  () => import('@aws-sdk/client-secrets-manager'),
  (sdk, settings) => new sdk.SecretsManagerClient(settings),
)
