import { lazyClient } from './aws-client.ts'

/** The package, loaded on first use. */
export const rdsSdk = () => import('@aws-sdk/client-rds')

export const rdsClient = lazyClient(async (settings) => new (await rdsSdk()).RDSClient(settings))
