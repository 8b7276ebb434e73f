/** Writes docs/task.md, every option of a task. Run it after an option was added or reworded. */
import { writeFileSync } from 'node:fs'
import { describeTask } from './task/page.ts'

writeFileSync(new URL('../docs/task.md', import.meta.url), describeTask())
