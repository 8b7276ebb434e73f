import { z } from 'zod'
import type { DeploymentOptions } from './deployment-options.ts'
import { distinct } from './distinct.ts'
import { networkSchema } from './network-options.ts'
import { scheduleSchema, taskProblems } from './schedule-options.ts'

/** Named sizes of the workers: memory of a lane (with it processor and network), and how many lanes a task gets by default. */
export const SIZES = {
  small: { megabytes: 512, lanes: 2 },
  medium: { megabytes: 1024, lanes: 4 },
  large: { megabytes: 1769, lanes: 16 },
  xlarge: { megabytes: 3538, lanes: 32 },
} as const

/** A resource has 50 at most, and some are Sampan's and CloudFormation's own. */
const MOST_TAGS = 40

/** What CloudWatch Logs accepts. */
const RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653]

const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region id such as us-east-1')
const role = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, 'must be the ARN of a role')

/** The account of an ARN. */
export const accountOf = (arn: string): string => arn.split(':')[4] ?? ''

/** By its id: an alias is no resource of a policy. */
const keyArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'must be the ARN of a key, arn:aws:kms:…:key/…')

const host = z
  .string()
  .regex(/^(\*\.)?[A-Za-z0-9:_-][A-Za-z0-9.:_-]*$/, 'must be a host name or address, with at most *. before it')

/** What DeploymentOptions says of each, checked. */
const options = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,30}$/, 'must be a letter and up to 30 letters, digits, dashes')
    .default('Sampan'),
  tags: z
    .record(
      z
        .string()
        .regex(
          /^(?!aws:|sampan:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u,
          'must be a tag key, and neither aws: nor sampan: at its beginning',
        ),
      z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, 'must be a tag value of at most 256 characters'),
    )
    .refine((tags) => Object.keys(tags).length <= MOST_TAGS, `must be at most ${MOST_TAGS} tags`)
    .default(() => ({})),
  permissionsBoundary: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/\S+$/, 'must be the ARN of a managed policy')
    .nullable()
    .default(null),
  rolePath: z
    .string()
    .regex(/^\/([!-~]{1,510}\/)?$/, 'must begin and end with a slash')
    .default('/'),
  environment: z.string().min(1).max(256).default('production'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'must be an account id')
    .optional(),
  region: region.optional(),
  size: z.enum(['small', 'medium', 'large', 'xlarge']).default('medium'),
  network: networkSchema.nullable().default(null),
  removal: z.enum(['retain', 'destroy']).default('retain'),
  documentsBucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
    .nullable()
    .default(null),
  logGroups: z
    .strictObject({
      functions: z.string().min(1).optional(),
      workflow: z
        .string()
        .regex(/^\/aws\/vendedlogs\//, 'must begin with /aws/vendedlogs/')
        .optional(),
    })
    .default(() => ({})),
  key: z.union([z.enum(['aws', 'create']), keyArn]).default('aws'),
  documentsKey: z.union([z.literal('aws'), keyArn]).optional(),
  logDays: z
    .number()
    .refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`)
    .default(90),
  reportDays: z.int().min(91, 'must be more than the 90 days that a run may take').max(3650).default(400),
  secrets: distinct(
    z
      .array(
        z.string().regex(/^[A-Za-z0-9/_+=.@!-]+\*?$/, 'must be the name of a secret, with at most one * at its end'),
      )
      .min(1),
  ).default(() => ['sampan/*']),
  alibabaSecret: z
    .string()
    .regex(/^[A-Za-z0-9/_+=.@!-]+$/, 'must be the name of a secret')
    .nullable()
    .default('sampan-alibaba'),
  alibabaRole: z
    .strictObject({
      arn: z
        .string()
        .regex(/^acs:ram::\d+:role\/[a-z0-9.@_-]{1,64}$/, 'must be acs:ram::ACCOUNT:role/NAME, in small letters'),
      provider: z
        .string()
        .regex(/^acs:ram::\d+:oidc-provider\/[A-Za-z0-9._-]{1,128}$/, 'must be acs:ram::ACCOUNT:oidc-provider/NAME'),
      issuer: z
        .string()
        .regex(/^https:\/\/[A-Za-z0-9.-]+$/, 'must be what `aws iam get-outbound-web-identity-federation-info` tells'),
      audience: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'must be a client ID: up to 128 letters, digits and ._:/-')
        .default('sts.aliyuncs.com'),
    })
    .refine(({ arn, provider }) => arn.split(':')[3] === provider.split(':')[3], {
      path: ['provider'],
      error: 'must be of the same account as `arn`',
    })
    .nullable()
    .default(null),
  secretKeys: distinct(z.array(keyArn)).default(() => []),
  sourceRegions: distinct(z.array(region)).default(() => []),
  sourceRole: z
    .strictObject({
      arn: role,
      readerArn: role.optional(),
      externalId: z.string().regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 letters, digits and +=,.@:/-'),
    })
    .refine(({ arn, readerArn }) => readerArn === undefined || accountOf(readerArn) === accountOf(arn), {
      path: ['readerArn'],
      error: 'must be a role of the same account as `arn`',
    })
    .nullable()
    .default(null),
  securityGroups: distinct(z.array(z.string().regex(/^sg-[0-9a-f]+$/, 'must be a security group id'))).default(
    () => [],
  ),
  temporaryGroups: z.boolean().default(false),
  accessHours: z.int().min(1).max(8760).default(168),
  broadestBlock: z
    .strictObject({ ipv4: z.int().min(8).max(32).default(16), ipv6: z.int().min(16).max(128).default(32) })
    .default(() => ({ ipv4: 16, ipv6: 32 })),
  rulesPerGroup: z.int().min(1).max(1000).default(60),
  reserveConcurrency: z.boolean().default(false),
  iamDatabaseUsers: distinct(z.array(z.string().regex(/^[A-Za-z0-9_.-]+$/, 'must be a database user'))).default(
    () => [],
  ),
  alarmMails: distinct(z.array(z.email())).default(() => []),
  alarmsWhenOver: z.boolean().default(false),
  unverifiedHosts: distinct(z.array(host)).default(() => []),
  hosts: distinct(z.array(host)).default(() => []),
  eventSources: distinct(z.array(z.string().min(1))).default(() => []),
  schedules: z.array(scheduleSchema).default(() => []),
} satisfies Record<keyof DeploymentOptions, z.ZodType>)

/**
 * Whether a right to read the secrets of these names, `*` allowed at their ends, is one to read this secret too. IAM compares the secret's
 * ARN, which ends in a dash and six characters that Secrets Manager chooses: `prod-*` allows `prod` too.
 */
const isReadableBy = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => {
    if (!pattern.endsWith('*')) return name === pattern
    const beginning = pattern.slice(0, -1)
    const chosen = beginning.slice(name.length)
    return name.startsWith(beginning) || (beginning.startsWith(name) && /^-[A-Za-z0-9]{0,6}$/.test(chosen))
  })

export const optionsSchema = options.superRefine((given, context) => {
  const {
    alibabaSecret,
    secrets,
    sourceRole,
    iamDatabaseUsers,
    schedules,
    network,
    region: home,
    documentsBucket,
    documentsKey,
    key,
  } = given
  const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
  if (alibabaSecret !== null && given.alibabaRole === null && isReadableBy(alibabaSecret, secrets))
    problem(
      ['alibabaSecret'],
      'must not be one of `secrets`: every function that logs in to a database could read the access key',
    )
  if (sourceRole !== null && iamDatabaseUsers.length > 0 && sourceRole.readerArn === undefined)
    problem(
      ['sourceRole', 'readerArn'],
      'must be given: `iamDatabaseUsers` log in by a role of the account that the source is in',
    )
  for (const [index, { name, task }] of schedules.entries()) {
    if (schedules.findIndex((one) => one.name === name) < index)
      problem(['schedules', index, 'name'], `is there twice: ${name}`)
    for (const line of taskProblems(task, given)) problem(['schedules', index, 'task'], line)
  }
  const zones = network?.create ? (network.zones ?? []) : []
  for (const [index, zone] of zones.entries())
    if (home !== undefined && zone.slice(0, -1) !== home)
      problem(['network', 'zones', index], `is not in the region of the stack, ${home}`)
  if (documentsKey !== undefined && documentsBucket === null)
    problem(['documentsKey'], 'is what encrypts `documentsBucket`, and none is given')
  // A key that is made now cannot be the one that a bucket of before is encrypted with.
  if (documentsKey === undefined && documentsBucket !== null && key === 'create')
    problem(
      ['documentsKey'],
      'must be given with a `documentsBucket` and the key "create": the ARN of the key that encrypts the bucket, or "aws"',
    )
})

export type Options = z.output<typeof optionsSchema>
export type ScheduleOptions = Options['schedules'][number]

/** Context keys of single options: `-c sampan:size=large`. */
const PREFIX = 'sampan:'

/**
 * The options of a deployment: those of infra/deployment.ts, over them the context of the CDK command line or cdk.json.
 * Values that are no plain text are given as JSON: `-c 'sampan:network={"vpcId": …}'`.
 * @throws Error with every problem, not the first
 */
export function readOptions(deployment: DeploymentOptions, context: Readonly<Record<string, unknown>> = {}): Options {
  const given = Object.entries(context)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => [key.slice(PREFIX.length), fromContext(value)] as const)
  const parsed = optionsSchema.safeParse({ ...deployment, ...Object.fromEntries(given) })
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'options'}: ${message}`)
  throw new Error(`the options of the deployment are wrong:\n${problems.join('\n')}`)
}

/** The command line knows only text. */
function fromContext(value: unknown): unknown {
  if (typeof value !== 'string' || !/^([[{"]|-?\d{1,5}$|(null|true|false)$)/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
