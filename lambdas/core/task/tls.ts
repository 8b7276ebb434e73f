import { z } from 'zod'
import { refusedFile, refusedReference } from './local-secrets.ts'
import { across, type BrokenRule, textThat } from './rule.ts'

/** The path of a file that holds a secret. */
export const filePath = textThat((text) => text.length > 0 && !text.includes('\0'), {
  code: 'TASK_FILE',
  message: 'is not a file path',
  remedy: 'give the path of a PEM file',
}).superRefine((path, context) => refuse(context, refusedFile(path)))

function refuse(context: z.RefinementCtx, broken: BrokenRule | null): void {
  if (broken !== null) context.addIssue({ code: 'custom', message: broken.message, params: { ...broken } })
}

/**
 * Where a secret value lies: `env:NAME` (an environment variable), `file:/path`, or the ARN or name of a Secrets Manager
 * secret. The value itself is a plain password or RDS's own JSON form `{"username": …, "password": …}`.
 */
export const secretReference = textThat(
  (text) =>
    /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text) ||
    /^file:[^\0]+$/.test(text) ||
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+$/.test(text) ||
    /^(?!env:|file:|arn:)[\w/+=.@!-]{1,512}$/.test(text),
  {
    code: 'TASK_SECRET_REFERENCE',
    message: 'is not a reference to a secret',
    remedy: 'give the ARN or name of a Secrets Manager secret, env:NAME or file:/path; not the password itself',
  },
).superRefine((reference, context) => refuse(context, refusedReference(reference)))

/** PEM text in a file of the machine the workflow runs on, or in a secret. */
const pemSource = z.union([z.strictObject({ file: filePath }), z.strictObject({ secret: secretReference })])

export type PemSource = z.output<typeof pemSource>

/** How a connection is encrypted and whom it trusts; the modes are libpq's `sslmode`, without the ones that fall back. */
export const tlsSchema = across(
  z.strictObject({
    mode: z
      .enum(['verify-full', 'verify-ca', 'require', 'disable'])
      .default('verify-full')
      .describe(
        'verify-full: encrypted, certificate and host name checked. verify-ca: host name not checked. require: encrypted, ' +
          'nothing checked. disable: plain text, only for networks you own. Default verify-full.',
      ),
    ca: z
      .union([z.literal('rds'), pemSource])
      .optional()
      .describe(
        'Who may sign the server certificate: "rds" (Amazon RDS’s bundle, comes with Sampan), {file} or {secret} with PEM ' +
          'text. Default: "rds" for an rdsInstance, otherwise the authorities Node.js trusts.',
      ),
    certificate: pemSource.optional().describe('Client certificate, PEM, {file} or {secret}. Default: none.'),
    key: pemSource
      .optional()
      .describe('Private key of the client certificate, PEM, {file} or {secret}. Default: none.'),
    keyPassword: pemSource.optional().describe('Password of the private key, {file} or {secret}. Default: none.'),
  }),
  (tls, report) => {
    const given = (field: string) => tls[field] !== undefined
    if (given('certificate') && !given('key')) {
      report(['key'], {
        code: 'TASK_CERTIFICATE_WITHOUT_KEY',
        message: 'is missing: a client certificate is given without its private key',
        remedy: 'add tls.key, or leave out tls.certificate',
      })
    }
    if (given('key') && !given('certificate')) {
      report(['certificate'], {
        code: 'TASK_KEY_WITHOUT_CERTIFICATE',
        message: 'is missing: a private key is given without its certificate',
        remedy: 'add tls.certificate, or leave out tls.key',
      })
    }
    if (given('keyPassword') && !given('key')) {
      report(['keyPassword'], {
        code: 'TASK_KEY_PASSWORD_WITHOUT_KEY',
        message: 'has no use: no private key is given',
        remedy: 'add tls.key, or leave out tls.keyPassword',
      })
    }
  },
)

export type Tls = z.output<typeof tlsSchema>
