import { exitStatus } from '../exit-status.ts'
import type { PageState } from './state.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'calm'

/** How a run stands, or how it ended, in a word. */
export interface Verdict {
  readonly tone: Tone
  readonly word: string
  /** One sentence more. */
  readonly sentence: string
}

/** Pure. */
export function verdictOf({ run, end, whole, databases }: PageState): Verdict {
  if (end !== null) return ended(end.exitStatus, end.error?.code ?? null, run?.mode ?? 'migrate')
  if (run === null) return { tone: 'calm', word: 'Beginning', sentence: 'The run has not begun yet.' }
  const waiting = whole.retries.size + [...databases.values()].filter(({ retries }) => retries.size > 0).length
  if (waiting > 0) {
    return { tone: 'warn', word: 'Waiting', sentence: 'Something fails, and is tried again: below is what and when.' }
  }
  if ([...databases.values()].some(({ counts }) => counts?.paused)) {
    return {
      tone: 'warn',
      word: 'Paused',
      sentence: 'Lanes stand still until they may go on. What is opened stays open.',
    }
  }
  return { tone: 'calm', word: 'Running', sentence: 'The run goes on.' }
}

function ended(status: number, code: string | null, mode: string): Verdict {
  switch (status) {
    case exitStatus.done:
      if (mode === 'precheck') return { tone: 'good', word: 'Prechecked', sentence: 'Only checks were asked for.' }
      if (mode === 'plan') return { tone: 'good', word: 'Planned', sentence: 'Only the plan was asked for.' }
      return {
        tone: 'good',
        word: 'Succeeded',
        sentence: 'The run is over. Its report has what was compared, and how.',
      }
    case exitStatus.incomplete:
      return {
        tone: 'warn',
        word: 'Succeeded in part',
        sentence: 'The run is over. Objects failed: its report names them.',
      }
    case exitStatus.refused:
      return code === 'PLAN_CHANGED'
        ? { tone: 'warn', word: 'Refused', sentence: 'The plan is another one than was asked for. Nothing was copied.' }
        : { tone: 'warn', word: 'Refused by the precheck', sentence: 'The run is over. Nothing was copied.' }
    case exitStatus.stopped:
      return {
        tone: 'warn',
        word: 'Stopped',
        sentence: 'The run was stopped, and has closed what it opened. The same task run again continues where it was.',
      }
    default:
      return {
        tone: 'bad',
        word: 'Failed',
        sentence: 'The run is over. What was finished stays; the same task run again continues there.',
      }
  }
}
