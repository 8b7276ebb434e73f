import { Command } from 'commander'
import { awsCall } from '../../lambdas/cloud/aws-errors.ts'
import {
  executionArn,
  findStateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'

export function stopCommand(): Command {
  const command = new Command('stop')
    .description('Stop an execution of the deployed state machine. The stack then closes what the run has opened.')
    .argument('<execution>', 'name or ARN of the execution')
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (execution: string, options: StateMachineOptions) => {
    const machine = await findStateMachine(options)
    const arn = executionArn(machine, execution)
    const stop = new machine.sdk.StopExecutionCommand({ executionArn: arn, error: 'Stopped', cause: 'by sampan stop' })
    await awsCall('stop the execution', () => machine.client.send(stop))
    process.stdout.write(`stopped ${arn}\nthe same task, started under another --execution, continues where it was\n`)
  })
}
