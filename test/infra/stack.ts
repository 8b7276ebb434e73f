import { readFileSync } from 'node:fs'
import { App, Validations } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { DeploymentOptions } from '../../infra/deployment-options.ts'
import { MigrationStack } from '../../infra/migration-stack.ts'
import { readOptions } from '../../infra/options.ts'
import { temporaryDirectory } from '../support/directories.ts'

/** The feature flags a deployment has. */
const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  readonly context: Record<string, unknown>
}

/** A task that may be started. */
export const TASK = JSON.parse(
  readFileSync(new URL('../../docs/examples/precheck.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, unknown>>

/** Where an app of the tests writes what it synthesises; without it each would leave a directory behind. */
export const outdir = await temporaryDirectory()

/** A VPC as a deployment would name it. */
export const EXISTING = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  egressAddresses: ['203.0.113.7', '203.0.113.8'],
}

/** A role that is assumed by a token, as a deployment would name it. */
export const ALIBABA_ROLE = {
  arn: 'acs:ram::113511544585:role/sampan',
  provider: 'acs:ram::113511544585:oidc-provider/aws',
  issuer: 'https://0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f.tokens.sts.global.api.aws',
}

export const IN_VPC: DeploymentOptions = { network: EXISTING }

/** A stack of functions without code: what is in their bundles has tests of its own. */
export function makeStack(input: DeploymentOptions = {}) {
  const app = new App({ context, analyticsReporting: false, outdir })
  const stack = new MigrationStack(app, 'Sampan', {
    options: readOptions(input),
    code: () => Code.fromInline('exports.handler = async () => {}'),
  })
  return { app, stack }
}

export function synthesise(input: DeploymentOptions = {}): Template {
  return Template.fromStack(makeStack(input).stack)
}

/** What cdk-nag (AwsSolutions) finds in a stack, one line each. */
export function nagFindings(input: DeploymentOptions = {}): readonly string[] {
  const { app } = makeStack(input)
  const pack = new AwsSolutionsChecks(app)
  Validations.of(app).addPlugins(pack)
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ resourceLogicalId }) => `${ruleName} ${resourceLogicalId ?? ''}`),
    )
}
