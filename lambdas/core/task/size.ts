import { LONGEST_MESSAGE, LONGEST_REMEDY } from '../runtime/step-error.ts'
import { type BrokenRule, isRecord } from './rule.ts'

/** What Step Functions carries from one state to the next, bytes; beyond it an execution ends without its last steps. */
const STATE_BYTES = 262_144
/** Endpoints, the run's name, the answer of a step, and what the defaults add beside the databases. */
const BESIDE_BYTES = 8_192
/** A place of a database, in a list of its own. */
const PLACE_BYTES = 8
/** How a database has ended: its place, its verdict, and a long code. */
const END_BYTES = 100
/** How each of the most lanes has ended, with an error. */
const LANES_BYTES = 64 * (160 + LONGEST_MESSAGE + LONGEST_REMEDY)

/** Databases that fit, whatever their names are and however they end. */
const MANY_DATABASES = 2_000

/**
 * A task must fit the state at each of its largest moments: where it comes, with its databases' places behind it; in the states of
 * one database, with its lists of tables; and when all databases have come back, each with an error.
 * @param task as it came, whatever it is
 */
export function sizeProblem(task: unknown): BrokenRule | null {
  if (!isRecord(task)) return null
  const databases = (Array.isArray(task.databases) ? task.databases : []).filter(isRecord)
  const rest = bytesOf({ ...task, databases: [] }) + BESIDE_BYTES
  const places = PLACE_BYTES * databases.length
  const came = bytesOf(task) + rest + places
  const inOne = rest + Math.max(0, ...databases.map(bytesOfEntry)) + LANES_BYTES
  const ended = rest + 2 * places + END_BYTES * databases.length
  const bytes = Math.max(came, inOne, ended)
  if (bytes <= STATE_BYTES) return null
  return {
    code: 'TASK_TOO_LARGE',
    message: `is too large for Step Functions: up to ${bytes} bytes in its state, which holds ${STATE_BYTES}, with ${databases.length} databases`,
    remedy:
      bytes === inOne
        ? 'name tables by patterns, such as billing.*'
        : `make several tasks of at most ${MANY_DATABASES} databases each, fewer where they have lists or long names in "as"`,
  }
}

/** With its defaults. */
function bytesOfEntry(database: Readonly<Record<string, unknown>>): number {
  return bytesOf({ include: ['*.*'], exclude: [], as: database.name, ...database }) + 1
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
