import { readTask } from '../lambdas/core/task/problems.ts'
import type { Task } from '../lambdas/core/task/task.ts'
import { refuseTask } from './problem-text.ts'

/**
 * The task, or `null` where it is wrong, which has been said.
 * @param path as people know it @param json the problems as JSON
 */
export function readTaskOrRefuse(input: unknown, path: string, json = false): Task | null {
  const { task, problems } = readTask(input)
  if (task === null) refuseTask(problems, path, json)
  return task
}
