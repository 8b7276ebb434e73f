import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { type AnyFunctionName, FUNCTION_SETTINGS } from './function-settings.ts'
import type { Functions } from './functions.ts'
import type { Options } from './options.ts'

/** Tells the trust policy of the RAM role, as JSON to be pasted in RAM: the tokens of this account for the functions that call Alibaba Cloud. */
export function tellAlibabaRole(construct: Construct, { alibabaRole }: Options, functions: Functions): void {
  if (alibabaRole === null) return
  const { arn, provider, issuer, audience } = alibabaRole
  const callers = (Object.keys(FUNCTION_SETTINGS) as AnyFunctionName[]).filter((name) =>
    FUNCTION_SETTINGS[name].rights.includes('callAlibaba'),
  )
  const trust = {
    Effect: 'Allow',
    Principal: { Federated: [provider] },
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: {
        'oidc:iss': [issuer],
        'oidc:aud': [audience],
        // A token of AWS names the role of whoever asked for it.
        'oidc:sub': callers.map((name) => functions.get(name).role?.roleArn),
      },
    },
  }
  new CfnOutput(construct, 'AlibabaRoleTrust', {
    description: `Trust policy of ${arn}`,
    value: Stack.of(construct).toJsonString({ Version: '1', Statement: [trust] }),
  })
}
