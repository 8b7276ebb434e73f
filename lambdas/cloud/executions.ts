import { SampanError } from '../runtime/errors.ts'
import { AwsError, awsCall } from './aws-errors.ts'
import { type CloudEnvironment, defaultRegion } from './environment.ts'
import { sfn } from './sfn-client.ts'

/** What Step Functions says about an execution; `unknown`: it does not (or not any more) know it. */
export type ExecutionState = 'running' | 'ended' | 'unknown'

/** Asks Step Functions about executions of this stack's state machine, by their names. */
export function executionStates(
  environment: CloudEnvironment,
  signal: AbortSignal,
): (execution: string) => Promise<ExecutionState> {
  const machine = environment.SAMPAN_STATE_MACHINE_ARN
  if (machine === undefined) {
    throw new SampanError({
      code: 'STATE_MACHINE_NOT_SET',
      message: 'the sweep does not know whose executions to ask about',
      remedy: 'set SAMPAN_STATE_MACHINE_ARN',
    })
  }
  const region = machine.split(':')[3] || defaultRegion(environment)
  return async (execution) => {
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${execution}`
    try {
      const { client, sdk } = await sfn(environment, region)
      const answer = await awsCall(`ask about ${execution} (states:DescribeExecution)`, () =>
        client.send(new sdk.DescribeExecutionCommand({ executionArn }), { abortSignal: signal }),
      )
      return answer.status === 'RUNNING' ? 'running' : 'ended'
    } catch (error) {
      if (error instanceof AwsError && error.awsCode === 'ExecutionDoesNotExist') return 'unknown'
      throw error
    }
  }
}
