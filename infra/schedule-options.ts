import { z } from 'zod'
import { type Deployment, deployedProblems } from '../lambdas/core/task/deployed-rules.ts'
import { formatProblem, readTask } from '../lambdas/core/task/problems.ts'

/** One of `schedules` in DeploymentOptions, checked. */
export const scheduleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be up to 64 letters, digits, dots, dashes'),
  at: z.iso.datetime({ local: true, offset: false, error: 'must be a local time such as 2026-12-24T02:00:00' }),
  timezone: z
    .string()
    .refine(isTimezone, 'must be a time zone of the IANA database such as Asia/Singapore')
    .default('Etc/UTC'),
  task: z.record(z.string(), z.unknown()),
})

type Schedule = z.output<typeof scheduleSchema>

/** What ReadTask would refuse when the schedule has come, one line each. */
export function taskProblems(task: Schedule['task'], deployment: Deployment): readonly string[] {
  const inline = ['source', 'destination'].filter((side) => Object.hasOwn(Object(task[side]), 'password'))
  return [
    ...inline.map((side) => `${side}.password: would stand in the template — store it and give its name as secret`),
    ...[...deployedProblems(task, deployment), ...readTask(task).problems].map(formatProblem),
  ]
}

/** Whether its time is over: it starts nothing any more, or never will. */
export function isPast({ at, timezone }: Schedule, now: Date): boolean {
  // Both as the clocks of that zone show them; text of this form sorts as its time does.
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' })
  return at < local.format(now).replace(' ', 'T')
}

/** The names of the IANA database; an offset such as `+01:00` is none to EventBridge Scheduler. */
function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}
