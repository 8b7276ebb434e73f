import { readRenewed } from '../../../core/ledger/chunks/open.ts'
import type { RunEvent } from '../../../core/ledger/events.ts'
import { relationTitle } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { listed } from '../../../core/present/listed.ts'

/** What the loss of the view has cost: which tables were proved to be as they were copied, and which were copied again. */
export interface Renewal {
  readonly proved: readonly string[]
  readonly copiedAgain: readonly string[]
}

/** Reads it when the copy is complete. */
export async function readRenewal(destination: Session, run: string, generation: number): Promise<Renewal> {
  const relations = await readRenewed(destination, run, generation)
  return {
    proved: relations.filter(({ again }) => !again).map(relationTitle),
    copiedAgain: relations.filter(({ again }) => again).map(relationTitle),
  }
}

/** How many tables an event names; the report's table marks all. */
const NAMED = 50

/** The renewal in the run's story. */
export function renewalEvent({ proved, copiedAgain }: Renewal): RunEvent {
  const message = [
    'after the view was lost',
    `${count(copiedAgain)} copied again${behindColon(copiedAgain)}`,
    `${count(proved)} proved unchanged by digest${behindColon(proved)}`,
  ]
  return { level: 'info', step: 'SummariseCopy', code: 'SNAPSHOT_MADE_GOOD', message: message.join('; ') }
}

function count(names: readonly string[]): string {
  return names.length === 1 ? '1 table was' : `${names.length} tables were`
}

function behindColon(names: readonly string[]): string {
  return names.length === 0 ? '' : `: ${listed(names, { most: NAMED })}`
}
