import { Command } from 'commander'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { exitStatus } from '../exit-status.ts'
import { problemsText } from '../problem-text.ts'
import { readTaskFile } from '../task-file.ts'

export function validateCommand(): Command {
  return new Command('validate')
    .description('Check a task and print every problem at once, with path, cause and remedy. Connects to nothing.')
    .argument('<task>', 'a task as JSON, or - for standard input')
    .option('--json', 'print {"valid", "problems"} as JSON')
    .action(async (path: string, options: { json?: boolean }) => {
      const { task, problems } = readTask(await readTaskFile(path))
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ valid: task !== null, problems }, null, 2)}\n`)
      } else if (task === null) process.stderr.write(`${problemsText(problems, path)}\n`)
      else process.stdout.write(`${path}: a valid task, ${task.databases.length} database(s)\n`)
      process.exitCode = task === null ? exitStatus.wrongTask : exitStatus.done
    })
}
