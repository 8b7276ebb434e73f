import { isRecord, type Report } from './rule.ts'

/** What Step Functions carries from one state to the next, bytes; beyond it an execution ends without its last steps. */
const STATE_BYTES = 262_144
/** Endpoints, the run's name, the answer of a step. */
const BESIDE_BYTES = 8_192
/** What a database that fails brings back: its name, an error of bounded length (`toStepError`) and its remedy. */
const RESULT_BYTES = 1_000
/** Beside the task, the state has each database's names in the list of turns, and in the turn under way. */
const TURNS = 2

/** A task must fit the state together with everything that its databases may bring back. */
export function checkSize(task: Readonly<Record<string, unknown>>, report: Report): void {
  const databases = Array.isArray(task.databases) ? task.databases : []
  const names = databases.filter(isRecord).map(({ name, as }) => ({ name, as: as ?? name }))
  const bytes = bytesOf(task) + TURNS * bytesOf(names) + RESULT_BYTES * databases.length + BESIDE_BYTES
  if (bytes <= STATE_BYTES) return
  report([], {
    code: 'TASK_TOO_LARGE',
    message: `is too large for Step Functions: with the results of ${databases.length} databases up to ${bytes} bytes, more than ${STATE_BYTES}`,
    remedy: 'name tables by patterns, such as billing.*, or make several tasks of at most 200 databases each',
  })
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
