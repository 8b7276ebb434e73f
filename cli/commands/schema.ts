import { Command } from 'commander'
import { taskJsonSchema } from '../../lambdas/core/task/json-schema.ts'

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema of a task (draft 2020-12), for editors and other programs.')
    .action(() => {
      process.stdout.write(`${JSON.stringify(taskJsonSchema(), null, 2)}\n`)
    })
}
