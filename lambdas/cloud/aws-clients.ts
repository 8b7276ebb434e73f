import { EC2Client } from '@aws-sdk/client-ec2'
import { RDSClient } from '@aws-sdk/client-rds'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SFNClient } from '@aws-sdk/client-sfn'
import type { CloudEnvironment } from './environment.ts'

/** The AWS clients, made on first use, one per service and region. */
export interface AwsClients {
  ec2(region: string): EC2Client
  rds(region: string): RDSClient
  s3(region: string): S3Client
  secretsManager(region: string): SecretsManagerClient
  sfn(region: string): SFNClient
}

const known = new Map<string, AwsClients>()

/** The clients of an environment; the same ones for the same settings, so that connections are used again. */
export function awsClients(environment: CloudEnvironment): AwsClients {
  const key = JSON.stringify([environment.SAMPAN_AWS_ENDPOINT, credentials(environment)])
  const existing = known.get(key)
  if (existing) return existing
  const clients = make(environment)
  known.set(key, clients)
  return clients
}

function make(environment: CloudEnvironment): AwsClients {
  const settings = (region: string) => ({ ...common(environment), region })
  return {
    ec2: perRegion((region) => new EC2Client(settings(region))),
    rds: perRegion((region) => new RDSClient(settings(region))),
    // Path style: a fake answers on one host name, not on one per bucket.
    s3: perRegion((region) => new S3Client({ ...settings(region), forcePathStyle: 'endpoint' in settings(region) })),
    secretsManager: perRegion((region) => new SecretsManagerClient(settings(region))),
    sfn: perRegion((region) => new SFNClient(settings(region))),
  }
}

/** Every call here is small: an answer that takes ten seconds will not come. */
function common(environment: CloudEnvironment) {
  return {
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    ...(environment.SAMPAN_AWS_ENDPOINT ? { endpoint: environment.SAMPAN_AWS_ENDPOINT } : {}),
    ...credentials(environment),
  }
}

/** Keys given in the environment; without them the SDK's own chain (profiles, SSO, the instance's role). */
function credentials(environment: CloudEnvironment) {
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

function perRegion<Client>(make: (region: string) => Client): (region: string) => Client {
  const made = new Map<string, Client>()
  return (region) => {
    const existing = made.get(region)
    if (existing) return existing
    const client = make(region)
    made.set(region, client)
    return client
  }
}
