import { z } from 'zod'
import { SampanError } from './errors.ts'

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional())

const variables = {
  /** Where the run's documents are kept: `s3://bucket/prefix`, or `file:///directory` on one machine. */
  SAMPAN_ARTEFACTS: z.string().regex(/^(s3|file):\/\/.+/, 'must be s3://bucket/prefix or file:///directory'),
  /** Instead of the AWS endpoints: a fake, or an endpoint of your own. */
  SAMPAN_AWS_ENDPOINT: optional(z.url()),
  /** Instead of the Alibaba Cloud endpoints. */
  SAMPAN_ALIBABA_ENDPOINT: optional(z.url()),
  /** Where the Alibaba Cloud access key is: Secrets Manager ARN or name, `env:NAME`, `file:/path`. */
  SAMPAN_ALIBABA_SECRET: optional(z.string()),
  /** The RAM role that is assumed by a token of AWS, where no access key is kept at all. */
  SAMPAN_ALIBABA_ROLE: optional(z.string().regex(/^acs:ram::\d+:role\//, 'must be the ARN of a RAM role')),
  /** The OIDC provider in RAM that vouches for such tokens. */
  SAMPAN_ALIBABA_OIDC_PROVIDER: optional(
    z.string().regex(/^acs:ram::\d+:oidc-provider\//, 'must be the ARN of an OIDC provider of RAM'),
  ),
  /** What such tokens are made for, a client id of the provider. Default `sts.aliyuncs.com`. */
  SAMPAN_ALIBABA_AUDIENCE: optional(z.string()),
  /**
   * Names of the Secrets Manager secrets that tasks may name, comma separated, `*` allowed at their ends. Set in a deployed stack: tasks
   * there name nothing else, above all no variable and no file.
   */
  SAMPAN_SECRETS: optional(z.string()),
  /** Hosts to which a deployed stack's tasks may switch TLS off or leave it unverified, comma separated. */
  SAMPAN_UNVERIFIED_HOSTS: optional(z.string()),
  /** Hosts that a deployed stack's tasks may name at all, comma separated. Not set: any. */
  SAMPAN_HOSTS: optional(z.string()),
  /** Prefix lengths, of IPv4 and of IPv6, of the broadest blocks that a deployed stack's tasks may open. Default 16,32. */
  SAMPAN_BROADEST_BLOCK: optional(z.string().regex(/^\d{1,2},\d{1,3}$/, 'must be two prefix lengths such as 16,32')),
  /** The addresses the workers leave the VPC by (the NAT's), comma separated: they go into the ApsaraDB whitelist. */
  SAMPAN_EGRESS_ADDRESSES: optional(z.string()),
  /** The security group of the workers inside the VPC: the RDS instance lets it in by a rule of its own. */
  SAMPAN_WORKER_SECURITY_GROUP: optional(z.string().regex(/^sg-/, 'must be a security group id')),
  /**
   * VPCs whose instances let that group in, comma separated, the workers' own first: other instances with a public address let the
   * egress addresses in. Not set: always the group.
   */
  SAMPAN_WORKER_VPCS: optional(z.string()),
  /** The deployed stack: tags of what is opened carry it, so that two stacks in one account leave each other alone. */
  SAMPAN_STACK: optional(z.string().max(128)),
  /** Region and account of that stack, `us-east-1:111122223333`: elsewhere there may be another of its name. */
  SAMPAN_STACK_HOME: optional(z.string().max(64)),
  /** After how many hours an opened rule may be taken away whatever its execution does, 1 to 9999. Default 168. */
  SAMPAN_ACCESS_HOURS: optional(z.string().regex(/^[1-9]\d{0,3}$/, 'must be whole hours')),
  /** How many lanes a task has that names no number itself: the size of the deployment. */
  SAMPAN_DEFAULT_LANES: optional(z.string().regex(/^([1-9]|[1-5]\d|6[0-4])$/, 'must be 1 to 64')),
  /** How many inbound rules a security group may have, where the account's quota is not the usual 60. */
  SAMPAN_RULES_PER_GROUP: optional(z.string().regex(/^[1-9]\d{0,3}$/, 'must be a whole number')),
  /** `allow`: where a source's security groups are full, groups of the run's own are made and attached to the instance. */
  SAMPAN_TEMPORARY_GROUPS: optional(z.literal('allow')),
  /** The role in the source's account by which EC2 and RDS are asked there; not set: the source is in the stack's own account. */
  SAMPAN_SOURCE_ROLE: optional(z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\//, 'must be the ARN of a role')),
  /** What that role's trust policy asks for. */
  SAMPAN_SOURCE_EXTERNAL_ID: optional(z.string()),
  /** The account of the workers' security group, where the source's is another one. */
  SAMPAN_WORKER_ACCOUNT: optional(z.string().regex(/^\d{12}$/, 'must be an account id')),
  /** The state machine whose executions the sweep asks for; set for the sweep and the status rule only. */
  SAMPAN_STATE_MACHINE_ARN: optional(z.string().regex(/^arn:/, 'must be an ARN')),
  /** Where log lines go: not set = standard output, `off` = nowhere, `file:///path` = appended to a file. */
  SAMPAN_LOG: optional(z.string().regex(/^(off|file:\/\/\/.+)$/, 'must be off or file:///path')),
  /** Set by Lambda. */
  AWS_REGION: optional(z.string()),
}

/**
 * The environment of every function. One schema for both ends: the functions read it, and the CDK construct is typed by it,
 * so that a missing variable does not compile. An empty string counts as not set. Other variables pass through, since the
 * clouds' own clients read theirs (`AWS_*`, `ALIBABA_CLOUD_*`); so an environment holds secrets and is never logged.
 */
const environmentSchema = z.object(variables).catchall(z.string().optional())

export type Environment = z.output<typeof environmentSchema>

/** What the CDK construct must give: names and values of the variables, as text. */
export type EnvironmentVariables = z.input<typeof environmentSchema>

/**
 * Reads the function's environment, all problems at once.
 * @throws SampanError ENVIRONMENT_INVALID
 */
export function readEnvironment(given: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const parsed = environmentSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new SampanError({
    code: 'ENVIRONMENT_INVALID',
    message: `the function’s environment is wrong: ${problems.join('; ')}`,
    remedy: 'deploy the stack again, or set the variables named',
  })
}

/** The addresses of `SAMPAN_EGRESS_ADDRESSES`, none where it is not set. */
export function egressAddresses(environment: Environment): readonly string[] {
  const addresses = environment.SAMPAN_EGRESS_ADDRESSES?.split(',') ?? []
  return addresses.map((address) => address.trim()).filter((address) => address !== '')
}
