import { lazyClient } from './aws-client.ts'

/** The package, loaded on first use. */
export const sfnSdk = () => import('@aws-sdk/client-sfn')

export const sfnClient = lazyClient(async (settings) => new (await sfnSdk()).SFNClient(settings))
