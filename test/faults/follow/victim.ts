/** A run that follows, in a process that can be killed, with parts of a size of the test's. */
import { readFile } from 'node:fs/promises'
import { partLimits } from '../../../lambdas/stages/follow/follower.ts'
import { runWorkflow } from '../../support/run.ts'

export interface FollowerOptions {
  readonly task: string
  readonly out: string
  /** How many changes are one part. */
  readonly part: number
}

const { task, out, part } = JSON.parse(process.argv[2] ?? '{}') as FollowerOptions
// Whoever started this is gone: so is the reason for it.
process.on('disconnect', () => process.exit(1))
partLimits.changes = part
const { exitStatus, error } = await runWorkflow(JSON.parse(await readFile(task, 'utf8')), out)
process.stdout.write(`${error?.code ?? ''} ${error?.message ?? ''}`)
process.exit(exitStatus)
