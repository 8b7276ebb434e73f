import { readTask } from '../lambdas/core/task/problems.ts'
import type { Task } from '../lambdas/core/task/task.ts'
import { refuseTask } from './problem-text.ts'

/** The task, or `null` where it is wrong, which has been said. */
export function readTaskOrRefuse(input: unknown, path: string): Task | null {
  const { task, problems } = readTask(input)
  if (task === null) refuseTask(problems, path)
  return task
}
