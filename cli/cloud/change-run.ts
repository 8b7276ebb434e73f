import { awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { lambda } from '../../lambdas/core/cloud/lambda-client.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { LimitsChange } from '../../lambdas/stages/copy/pace/change-run.ts'
import type { ChangeRunAnswer } from '../../lambdas/stages/copy/pace/change-run-handler.ts'
import type { StateMachine } from './state-machine.ts'

type Request = { readonly limits: LimitsChange } | { readonly leave: true }

/**
 * Has the stack's own function change a run in its databases, which this machine need not reach.
 * @param execution its name or ARN
 * @throws SampanError the function's own error, CHANGE_RUN_CRASHED, or an AWS error
 */
export async function changeByStack(
  machine: StateMachine,
  execution: string,
  request: Request,
): Promise<ChangeRunAnswer> {
  const [, , , region = '', , , stack = ''] = machine.arn.split(':')
  const { client, sdk } = await lambda(process.env, region)
  const name = `${stack}-ChangeRun`
  const payload = { execution: execution.split(':').at(-1), ...request }
  const command = new sdk.InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(payload)) })
  // It logs in to every database of the task: longer than other calls take.
  const answer = await awsCall(`call ${name} (lambda:InvokeFunction)`, () =>
    client.send(command, { requestTimeout: 70_000 }),
  )
  const text = Buffer.from(answer.Payload ?? []).toString('utf8')
  if (answer.FunctionError !== undefined) {
    throw new SampanError({
      code: 'CHANGE_RUN_CRASHED',
      message: `the function ${name} did not answer`,
      remedy: 'read its log, and repeat the command: it may be given as often as you like',
    })
  }
  const said = JSON.parse(text) as ChangeRunAnswer
  if (said.error !== null) throw new SampanError({ ...said.error, retryable: false })
  return said
}
