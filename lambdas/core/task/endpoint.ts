import { z } from 'zod'
import { regionOfHost } from './aws-names.ts'
import { across, isRecord, type Report, textLike, textThat } from './rule.ts'
import { filePath, secretReference, tlsSchema } from './tls.ts'

const host = textThat(
  (text) => /^[^\s/@,\0]+$/.test(text) && !/^[^:]+:[^:]*$/.test(text),
  {
    code: 'TASK_HOST',
    message: 'is not a host name or address',
    remedy: 'give the bare name or IP address; port, user and password have fields of their own',
  },
  /^[^\s/@,]+$/,
)

const name = (code: string, message: string, remedy: string) =>
  textThat((text) => text.length > 0 && !text.includes('\0') && Buffer.byteLength(text) <= 63, {
    code,
    message,
    remedy,
  })

/** How to reach and enter one server, instance or not. */
const common = {
  region: textLike(/^[a-z]{2}(-[a-z0-9]+)+$/, {
    code: 'TASK_REGION',
    message: 'is not a region id',
    remedy: 'give an id such as us-east-1 or ap-southeast-1',
  })
    .optional()
    .describe('Region of the instance. Default for RDS: the region the workflow runs in; ApsaraDB needs one.'),
  host: host.optional().describe('Host name or address, instead of an instance id.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .default(5432)
    .describe('TCP port, with host. Default 5432; an instance knows its own.'),
  user: name('TASK_USER', 'is not a role name', 'give the name of a PostgreSQL role, at most 63 bytes')
    .optional()
    .describe('Role to log in as. Default: the user name the secret holds.'),
  password: z
    .string()
    .min(1)
    .optional()
    .describe('The password itself. Only for `sampan run`, which takes it out before the execution starts.'),
  passwordFile: filePath
    .optional()
    .describe('File with the password, a line end at its end is ignored. Only for `sampan run`.'),
  secret: secretReference
    .optional()
    .describe(
      'Where the password lies: ARN or name of a Secrets Manager secret (RDS’s JSON form {"username","password"} or plain ' +
        'text), env:NAME or file:/path.',
    ),
  tls: tlsSchema.prefault({}).describe('How the connection is encrypted. Default: verify-full.'),
}

/** Rules both sides share. `instance` is the name of the field that holds the instance id. */
function checkSide(side: Readonly<Record<string, unknown>>, instance: string, report: Report): void {
  const given = (field: string) => side[field] !== undefined
  if (given(instance) && given('host')) {
    report(['host'], {
      code: 'TASK_ENDPOINT_AMBIGUOUS',
      message: `is given beside ${instance}`,
      remedy: `keep one: ${instance} (the address is looked up and access is opened) or host`,
    })
  }
  if (!given(instance) && !given('host')) {
    report([], {
      code: 'TASK_ENDPOINT_MISSING',
      message: 'names no server',
      remedy: `give ${instance}, or host (and port)`,
    })
  }
  const passwords = ['password', 'passwordFile', 'secret'].filter(given)
  if (side.authentication === 'iam') {
    checkIam(side, passwords, report)
    return
  }
  const byCertificate = isRecord(side.tls) && side.tls.certificate !== undefined
  if (passwords.length === 0 && !byCertificate) {
    report([], {
      code: 'TASK_PASSWORD_MISSING',
      message: 'gives no password',
      remedy: 'give one of secret, passwordFile and password, or a client certificate in tls',
    })
  }
  if (passwords.length > 1) {
    report([passwords[0] ?? 'password'], {
      code: 'TASK_PASSWORD_AMBIGUOUS',
      message: `is given beside ${passwords.slice(1).join(' and ')}`,
      remedy: 'keep exactly one of secret, passwordFile and password',
    })
  }
  if (!given('user') && !given('secret') && (passwords.length > 0 || byCertificate)) {
    report(['user'], {
      code: 'TASK_USER_MISSING',
      message: 'is missing: only a secret can hold the user name',
      remedy: 'add user, the role to log in as',
    })
  }
}

/** RDS takes a token instead of a password, over TLS only, and only from a user it knows by name. */
function checkIam(side: Readonly<Record<string, unknown>>, passwords: readonly string[], report: Report): void {
  const [first] = passwords
  if (first !== undefined) {
    report([first], {
      code: 'TASK_PASSWORD_AMBIGUOUS',
      message: 'is given beside authentication "iam", which needs none',
      remedy: `keep one: authentication "iam" or ${first}`,
    })
  }
  if (side.user === undefined) {
    report(['user'], {
      code: 'TASK_USER_MISSING',
      message: 'is missing: IAM signs a token for a user by name',
      remedy: 'add user, a role that was granted rds_iam',
    })
  }
  if (isRecord(side.tls) && side.tls.mode === 'disable') {
    report(['tls', 'mode'], {
      code: 'TASK_IAM_NEEDS_TLS',
      message: 'is "disable", but RDS takes a token of IAM over TLS only',
      remedy: 'leave tls.mode out (verify-full), or log in by a password',
    })
  }
  if (typeof side.host === 'string' && side.region === undefined && regionOfHost(side.host) === null) {
    report(['region'], {
      code: 'TASK_REGION_MISSING',
      message: 'is missing: a token of IAM is signed for a region, and the host name tells none',
      remedy: 'add region, such as us-east-1; give the instance’s own endpoint as host, tokens hold for no other name',
    })
  }
}

/** The source: an Amazon RDS instance, or any PostgreSQL server. */
export const sourceSchema = across(
  z.strictObject({
    rdsInstance: textLike(/^[A-Za-z][A-Za-z0-9-]{0,62}$/, {
      code: 'TASK_INSTANCE',
      message: 'is not an RDS instance identifier',
      remedy: 'give the DB identifier shown in the RDS console, such as orders-prod; not its host name',
    })
      .optional()
      .describe('Identifier of the RDS instance (DBInstanceIdentifier), instead of a host.'),
    ...common,
    authentication: z
      .enum(['password', 'iam'])
      .default('password')
      .describe(
        'How to log in. password: by secret, passwordFile or password. iam: by a token of AWS IAM made for each ' +
          'connection; needs user (a role with rds_iam) and TLS, and no password. Default password.',
      ),
  }),
  (side, report) => checkSide(side, 'rdsInstance', report),
).transform((side) =>
  // RDS certificates are signed by Amazon's own authority, which no system trusts by itself.
  (side.rdsInstance !== undefined || side.authentication === 'iam') && side.tls.ca === undefined
    ? { ...side, tls: { ...side.tls, ca: 'rds' as const } }
    : side,
)

/** The destination: an ApsaraDB RDS instance, or any PostgreSQL server. */
export const destinationSchema = across(
  z.strictObject({
    apsaraInstance: textLike(/^[a-z]+-[a-z0-9-]+$/, {
      code: 'TASK_INSTANCE',
      message: 'is not an ApsaraDB instance id',
      remedy: 'give the id shown in the ApsaraDB RDS console, such as pgm-3nsabcde12345678',
    })
      .optional()
      .describe('Id of the ApsaraDB RDS for PostgreSQL instance, instead of a host.'),
    ...common,
  }),
  (side, report) => {
    checkSide(side, 'apsaraInstance', report)
    if (side.apsaraInstance !== undefined && side.region === undefined) {
      report(['region'], {
        code: 'TASK_REGION_MISSING',
        message: 'is missing: an ApsaraDB instance is looked up in its region',
        remedy: 'add region, such as ap-southeast-1',
      })
    }
  },
)

export type SourceSide = z.output<typeof sourceSchema>
export type DestinationSide = z.output<typeof destinationSchema>
