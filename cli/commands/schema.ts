import { Command } from 'commander'
import { z } from 'zod'
import { taskJsonSchema } from '../../lambdas/core/task/json-schema.ts'
import { eventSchema } from '../progress/events.ts'

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema of a task (draft 2020-12), for editors and other programs.')
    .option('--events', 'of the lines that --json prints, instead')
    .action(({ events }: { events?: boolean }) => {
      const schema = events ? z.toJSONSchema(eventSchema) : taskJsonSchema()
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`)
    })
}
