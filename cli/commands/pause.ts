import { Command } from 'commander'
import { changeAndTell, type RunOptions, withRun } from './limits.ts'

/** `sampan pause`: lanes stand where they are, and nothing that they hold is lost. */
export function pauseCommand(): Command {
  return withRun(
    new Command('pause').description(
      'Have the copy of a run stand still until sampan resume, or a new start of it. Changes of a source that is followed go on being applied. What is opened stays open, and the source keeps the view: it cannot vacuum behind it.',
    ),
  ).action((run: string, options: RunOptions) => changeAndTell(run, options, { paused: true }))
}

export function resumeCommand(): Command {
  return withRun(new Command('resume').description('Let the copy of a run that was paused go on.')).action(
    (run: string, options: RunOptions) => changeAndTell(run, options, { paused: false }),
  )
}
