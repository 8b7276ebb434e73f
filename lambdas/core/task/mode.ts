import type { Task } from './task.ts'

/** Whether a run of this mode makes objects and copies rows: one that follows its source does all that a plain one does. */
export function migrates(mode: Task['mode']): boolean {
  return mode === 'migrate' || mode === 'follow'
}
