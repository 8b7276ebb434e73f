import { AwsError, awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { lambda } from '../../lambdas/core/cloud/lambda-client.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { parseJson } from '../../lambdas/core/runtime/parse-json.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import type { ChangedRun, LimitsChange } from '../../lambdas/stages/copy/pace/change-run.ts'
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
  ).catch((thrown: unknown) => {
    throw thrown instanceof AwsError && thrown.awsCode === 'ResourceNotFoundException'
      ? withoutFunction(thrown)
      : thrown
  })
  const text = Buffer.from(answer.Payload ?? []).toString('utf8')
  const said = answer.FunctionError === undefined ? readAnswer(text) : null
  if (said === null) {
    throw new SampanError({
      code: 'CHANGE_RUN_CRASHED',
      message: `the function ${name} did not answer`,
      remedy: 'read its log, and repeat the command: it may be given as often as you like',
    })
  }
  if (said.error !== null) throw new SampanError({ ...said.error, retryable: false })
  return said

  function withoutFunction(cause: AwsError): SampanError {
    return new SampanError({
      code: 'CHANGE_RUN_MISSING',
      message: `the stack ${stack} in ${region} has no function ${name}`,
      remedy:
        'deploy the stack anew: it is of an earlier version, or on its way out; or give the task instead of the execution',
      cause,
    })
  }
}

/** Changes limits of an execution. @throws as changeByStack */
export async function changeInCloud(
  machine: StateMachine,
  execution: string,
  limits: LimitsChange,
): Promise<ChangedRun> {
  const { databases, failed } = await changeByStack(machine, execution, { limits })
  return { databases, failed: failed && new SampanError(failed) }
}

/** `null` where it is nothing that the function answers with. */
function readAnswer(text: string): ChangeRunAnswer | null {
  const said = parseJson(text)
  if (!isRecord(said) || !Array.isArray(said.databases) || !Array.isArray(said.left)) return null
  // A stack of before says nothing of those that are missing, and reaches all databases or none.
  return { missing: [], failed: null, ...(said as unknown as Omit<ChangeRunAnswer, 'missing' | 'failed'>) }
}
