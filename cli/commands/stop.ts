import { Command } from 'commander'
import { SampanError, toSampanError } from '../../lambdas/core/runtime/errors.ts'
import { changeByStack } from '../cloud/change-run.ts'
import {
  executionArn,
  findStateMachine,
  ofExecution,
  type StateMachine,
  type StateMachineOptions,
  stateMachineOptions,
} from '../cloud/state-machine.ts'
import { errorText } from '../problem-text.ts'

export function stopCommand(): Command {
  const command = new Command('stop')
    .description('Stop an execution of the deployed state machine. The stack then closes what the run has opened.')
    .argument('<execution>', 'name or ARN of the execution')
  for (const option of stateMachineOptions()) command.addOption(option)
  return command.action(async (execution: string, options: StateMachineOptions) => {
    const machine = await findStateMachine(options, execution)
    const arn = executionArn(machine, execution)
    const ended = await endedAs(machine, arn)
    if (ended === 'SUCCEEDED') {
      process.stdout.write(`${arn} had ended already (${ended})\n`)
      return
    }
    const stop = new machine.sdk.StopExecutionCommand({ executionArn: arn, error: 'Stopped', cause: 'by sampan stop' })
    if (ended === null) await ofExecution(arn, 'stop the execution', () => machine.client.send(stop))
    process.stdout.write(ended === null ? `stopped ${arn}\n` : `${arn} had ended already (${ended})\n`)
    process.stdout.write(`${await letGo(machine, arn)}\n`)
    process.stdout.write('the same task, started under another --execution, continues where it was\n')
  })
}

/** How it has ended before; `null`: it goes on, or may not be looked at. @throws SampanError EXECUTION_UNKNOWN */
async function endedAs({ client, sdk }: StateMachine, arn: string): Promise<string | null> {
  const describe = new sdk.DescribeExecutionCommand({ executionArn: arn })
  try {
    const { status } = await ofExecution(arn, 'read the execution', () => client.send(describe))
    return status === undefined || /^(RUNNING$|PENDING)/.test(status) ? null : status
  } catch (thrown) {
    // Stopping needs another right than looking.
    if (thrown instanceof SampanError && thrown.code === 'AWS_PERMISSION_MISSING') return null
    throw thrown
  }
}

/** Lambda goes on with calls that Step Functions has given up. Taken from the ledger, they end at their next look. */
async function letGo(machine: StateMachine, arn: string): Promise<string> {
  try {
    const { left, missing, failed } = await changeByStack(machine, arn, { leave: true })
    return [
      left.length === 0
        ? `nothing of it is at work in a database${failed === null ? '' : ' that could be asked'}`
        : `its lanes in ${left.join(', ')} begin nothing more, and end within seconds or with the part they are at`,
      ...(missing.length === 0
        ? []
        : [`not made yet: ${missing.join(', ')}; a call that is making one now ends by itself, within 15 minutes`]),
      ...(failed === null
        ? []
        : [`not reached, where calls that are at work end by themselves, within 15 minutes:\n${errorText(failed)}`]),
    ].join('\n')
  } catch (thrown) {
    const { code, message } = toSampanError(thrown)
    return `its calls that are at work end by themselves, within 15 minutes: they could not be told (${code}: ${message})`
  }
}
