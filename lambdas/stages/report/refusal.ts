import type { StepError } from '../../core/runtime/verdict.ts'
import type { PrecheckReport } from './model.ts'

/** What a task has to say so that the warnings in its way no longer are; `null` where there are none. */
export function acknowledgement(prechecks: readonly PrecheckReport[]): string | null {
  const warnings = prechecks.filter(({ blocks, level, status }) => blocks && level === 'warning' && status === 'found')
  if (warnings.length === 0) return null
  const accepted = prechecks.filter(({ acknowledged }) => acknowledged)
  const codes = [...new Set([...accepted, ...warnings].map(({ code }) => code))].sort()
  return `"precheck": {"acknowledge": ${JSON.stringify(codes).replaceAll(',', ', ')}}`
}

/** Why the precheck refuses, in codes: for the console, which shows no report. */
export function refusalError(prechecks: readonly PrecheckReport[]): StepError {
  const codes = [...new Set(prechecks.filter(({ blocks }) => blocks).map(({ code }) => code))]
  const pasted = acknowledgement(prechecks)
  return {
    kind: 'other',
    code: 'PRECHECK_REFUSED',
    message: `the precheck refuses this task: ${codes.join(', ') || 'see the report'}`,
    remedy:
      pasted === null
        ? 'the report has the remedy of each'
        : `the report has the remedy of each; to accept the warnings among them, put into the task: ${pasted}`,
  }
}
