import { lazyClient } from './aws-client.ts'

/** The package, loaded on first use. */
export const ec2Sdk = () => import('@aws-sdk/client-ec2')

export const ec2Client = lazyClient(async (settings) => new (await ec2Sdk()).EC2Client(settings))
