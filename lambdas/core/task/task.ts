import { z } from 'zod'
import { accessSchema } from './access.ts'
import { conflictsSchema } from './conflicts.ts'
import { checkDatabases, databaseSchema, nameThere } from './databases.ts'
import { destinationSchema, sourceSchema } from './endpoint.ts'
import { checkFollow, followSchema } from './follow.ts'
import { checkRoles, rolesSchema } from './roles.ts'
import { across, isRecord, type Report, textLike } from './rule.ts'
import { checkThrottle, throttleSchema } from './throttle.ts'

const retrySchema = z.strictObject({
  connectionMinutes: z
    .int()
    .min(10)
    .max(1440)
    .default(720)
    .describe('How long a lost connection is retried, minutes, 10 to 1440. Default 720.'),
  otherMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe(
      'How long any other error that may pass is retried, minutes, 1 to 1440, less than connectionMinutes. Default 10.',
    ),
})

const validationSchema = z.strictObject({
  mode: z
    .enum(['none', 'counts', 'full'])
    .default('full')
    .describe(
      'full: rows counted and digested on both sides. counts: rows counted. none: nothing compared. Default full.',
    ),
})

const precheckSchema = z.strictObject({
  acknowledge: z
    .array(
      textLike(/^[A-Z][A-Z0-9_]+$/, {
        code: 'TASK_CHECK_CODE',
        message: 'is not the code of a check',
        remedy: 'give the code as the precheck prints it, such as DST_VERSION_DIFFERS',
      }),
    )
    .default(() => [])
    .describe('Codes of warnings you have read and accept; they no longer lower the score. Default [].'),
})

const fields = z.strictObject({
  $schema: z.string().optional().describe('Where the JSON Schema of a task lies, for editors. Has no effect.'),
  name: textLike(/^[a-z0-9][a-z0-9-]{0,62}$/, {
    code: 'TASK_NAME',
    message: 'is not a run name',
    remedy: 'use 1 to 63 of a–z, 0–9 and -, beginning with a letter or digit',
  })
    .describe('The run’s name. The same name started again continues where it was; what is opened carries it.')
    .meta({ examples: ['orders-to-singapore'] }),
  mode: z
    .enum(['precheck', 'plan', 'migrate', 'follow'])
    .default('migrate')
    .describe(
      'precheck: only check. plan: check, then list what would be done. migrate: do it. follow: do it, then apply what the source goes on changing until the cutover; needs follow. Default migrate.',
    ),
  source: sourceSchema.describe('Where the data comes from: an RDS instance, or any PostgreSQL server.'),
  destination: destinationSchema.describe('Where the data goes: an ApsaraDB instance, or any PostgreSQL server.'),
  databases: z.array(databaseSchema).min(1).describe('The databases to migrate, at least one.'),
  roles: rolesSchema,
  conflicts: conflictsSchema,
  onObjectError: z
    .enum(['fail', 'continue'])
    .default('fail')
    .describe('When an object cannot be created. fail: the run fails. continue: it is only reported. Default fail.'),
  onDatabaseError: z
    .enum(['continue', 'stop'])
    .default('continue')
    .describe(
      'When one of several databases fails. continue: the others go on, four at once. stop: databases go one after the ' +
        'other, and none begins after one has failed. Default continue.',
    ),
  lanes: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .default(4)
    .describe(
      'How many connections copy at once, per database, 1 to 64; auto: begins with 2 and counts by what each one brings. ' +
        'Default 4.',
    ),
  mostLanes: z
    .int()
    .min(1)
    .max(64)
    .default(16)
    .describe('With lanes auto: how many at most, 1 to 64. Has no effect else. Default 16.'),
  chunkMegabytes: z
    .int()
    .min(1)
    .max(10240)
    .default(256)
    .describe('How much of a table travels in one transaction, megabytes, 1 to 10240. Default 256.'),
  format: z
    .enum(['auto', 'text', 'binary'])
    .default('auto')
    .describe(
      'How rows travel. auto: binary wherever every column’s type is encoded alike on both servers, else text. text: always text. binary: as auto, and every table that cannot is warned of by name. Default auto.',
    ),
  throttle: throttleSchema
    .prefault({})
    .describe('How much load the copy may put on both servers; can be changed while it runs.'),
  retry: retrySchema.prefault({}).describe('How long errors that may pass are retried.'),
  validation: validationSchema.prefault({}).describe('How source and destination are compared at the end.'),
  access: accessSchema.prefault({}).describe('What the run opens for its own time, and closes again.'),
  follow: followSchema.optional(),
  precheck: precheckSchema.prefault({}).describe('What the precheck may overlook.'),
})

/**
 * What a user may ask for: the execution input. One schema for the console, the event, the schedule and the command.
 * Parse through `readTask` (problems.ts), which tells all problems at once with cause and remedy.
 */
export const taskSchema = across(fields, (task, report) => {
  checkDatabases(task.databases, report)
  checkRoles(task.roles, report)
  checkRetry(task.retry, report)
  checkThrottle(task, report)
  checkFollow(task, report)
  checkSameDatabase(task, report)
}).transform(({ $schema: _, ...task }) => task)

/** A valid task, every default filled in. */
export type Task = z.output<typeof taskSchema>
/** A task as a user writes it. */
export type TaskInput = z.input<typeof taskSchema>

function checkRetry(retry: unknown, report: Report): void {
  if (!isRecord(retry)) return
  const { connectionMinutes, otherMinutes } = retry
  if (typeof connectionMinutes !== 'number' || typeof otherMinutes !== 'number') return
  if (otherMinutes >= connectionMinutes) {
    report(['retry', 'otherMinutes'], {
      code: 'TASK_RETRY_WINDOWS',
      message: `is ${otherMinutes}, not less than connectionMinutes (${connectionMinutes})`,
      remedy: 'give other errors the shorter window',
    })
  }
}

/** A run whose two ends are one database would copy a table into itself. */
function checkSameDatabase(task: Readonly<Record<string, unknown>>, report: Report): void {
  const { source, destination, databases } = task
  if (!isRecord(source) || !isRecord(destination) || !Array.isArray(databases)) return
  if (typeof source.host !== 'string' || source.host !== destination.host || source.port !== destination.port) return
  for (const [index, database] of databases.entries()) {
    if (isRecord(database) && nameThere(database) === database.name) {
      report(['databases', index, 'as'], {
        code: 'TASK_SAME_DATABASE',
        message: 'is the very same database on the same server',
        remedy: 'point destination at another server, or give another name with as',
      })
    }
  }
}
