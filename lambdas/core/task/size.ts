import { wordsOf } from '../runtime/step-error.ts'
import { isRecord, type Report } from './rule.ts'

/** What Step Functions carries from one state to the next, bytes; beyond it an execution ends without its last steps. */
const STATE_BYTES = 262_144
/** Endpoints, the run's name, the answer of a step, and what the defaults add beside the databases. */
const BESIDE_BYTES = 8_192
/** A number in a list. */
const NUMBER_BYTES = 6
/** The fields of a database's result and of an error, its kind and a long code. */
const RESULT_BYTES = 160

/**
 * A task must fit the state at each of its largest moments: behind ReadTask, when it is there as it came and as it was read; in
 * the states of a database, which begin with its entry beside the task; and when all databases have come back, each with an error.
 */
export function checkSize(task: Readonly<Record<string, unknown>>, report: Report): void {
  const databases = (Array.isArray(task.databases) ? task.databases : []).filter(isRecord)
  const entries = databases.map(bytesOfEntry)
  const came = bytesOf(task)
  const read = bytesOf({ ...task, databases: [] }) + sum(entries)
  const numbers = NUMBER_BYTES * databases.length
  const { message, remedy } = wordsOf(databases.length)
  const results = databases.map(({ name }) => RESULT_BYTES + bytesOf(name ?? '') + message + remedy)
  const bytes =
    Math.max(came + read + numbers, read + Math.max(0, ...entries), read + 2 * numbers + sum(results)) + BESIDE_BYTES
  if (bytes <= STATE_BYTES) return
  report([], {
    code: 'TASK_TOO_LARGE',
    message: `is too large for Step Functions: up to ${bytes} bytes in its state with ${databases.length} databases, more than ${STATE_BYTES}`,
    remedy: 'name tables by patterns, such as billing.*, or make several tasks of at most 800 databases each',
  })
}

/** With its defaults. */
function bytesOfEntry(database: Readonly<Record<string, unknown>>): number {
  return bytesOf({ include: ['*.*'], exclude: [], as: database.name, ...database }) + 1
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
