import type { Session } from '../postgres/connect.ts'
import { relationTitle } from './comparisons.ts'
import type { RunEvent } from './events.ts'

/** What the loss of the view has cost: which tables were proved to be as they were copied, and which were copied again. */
export interface Renewal {
  readonly proved: readonly string[]
  readonly copiedAgain: readonly string[]
}

/** Reads it when the copy is complete. A chunk that was finished before the newest view was taken has been proved in it. */
export async function readRenewal(destination: Session, run: string, generation: number): Promise<Renewal> {
  const rows = await destination.rows<{ oid: number; schema: string; name: string; again: boolean }>(
    `SELECT r.oid, r.schema, r.name, r.reset_generation > 0 AS again
       FROM sampan.relation r
      WHERE r.run = $1 AND (r.reset_generation > 0 OR EXISTS (
              SELECT FROM sampan.chunk c
               WHERE c.run = $1 AND c.relation = r.oid
                 AND c.finished_at < (SELECT min(since) FROM sampan.snapshot WHERE run = $1 AND generation = $2)))
      ORDER BY r.schema, r.name`,
    [run, generation],
  )
  return {
    proved: rows.filter(({ again }) => !again).map(relationTitle),
    copiedAgain: rows.filter(({ again }) => again).map(relationTitle),
  }
}

/** How many tables an event names; the report's table marks all. */
const NAMED = 50

/** The renewal in the run's story. */
export function renewalEvent({ proved, copiedAgain }: Renewal): RunEvent {
  const message = [
    'after the view was lost',
    `${count(copiedAgain)} copied again${listed(copiedAgain)}`,
    `${count(proved)} proved unchanged by digest${listed(proved)}`,
  ]
  return { level: 'info', step: 'SummariseCopy', code: 'SNAPSHOT_MADE_GOOD', message: message.join('; ') }
}

function count(names: readonly string[]): string {
  return names.length === 1 ? '1 table was' : `${names.length} tables were`
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return ''
  const rest = names.length - NAMED
  return `: ${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
