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
  const { region, arnOf } = machineOf(environment)
  return async (execution) => {
    const executionArn = arnOf(execution)
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

/** What an execution of this stack's state machine was started with, and whether it still runs. */
export async function executionInput(
  environment: CloudEnvironment,
  execution: string,
): Promise<{ readonly input: unknown; readonly running: boolean }> {
  const { region, arnOf } = machineOf(environment)
  const { client, sdk } = await sfn(environment, region)
  const command = new sdk.DescribeExecutionCommand({ executionArn: arnOf(execution) })
  const { input, status } = await awsCall(`read the input of ${execution} (states:DescribeExecution)`, () =>
    client.send(command),
  )
  return { input: JSON.parse(input ?? 'null'), running: status === 'RUNNING' }
}

/** @throws SampanError STATE_MACHINE_NOT_SET */
function machineOf(environment: CloudEnvironment) {
  const machine = environment.SAMPAN_STATE_MACHINE_ARN
  if (machine === undefined) {
    throw new SampanError({
      code: 'STATE_MACHINE_NOT_SET',
      message: 'it is not known whose executions to ask about',
      remedy: 'set SAMPAN_STATE_MACHINE_ARN',
    })
  }
  return {
    region: machine.split(':')[3] || defaultRegion(environment),
    arnOf: (execution: string) => `${machine.replace(':stateMachine:', ':execution:')}:${execution}`,
  }
}
