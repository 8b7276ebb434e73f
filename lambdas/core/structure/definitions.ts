import type { RunEvent } from '../ledger/events.ts'
import { readRedefined, storeDefinitions } from '../ledger/objects/definitions.ts'
import type { GoneObject } from '../ledger/objects/gone.ts'
import type { Session } from '../postgres/connect.ts'
import { listed } from '../present/listed.ts'
import { objectName } from './object-name.ts'
import { definedSql } from './present-sql.ts'

/** Of objects that somebody else has changed since they were made. */
export const DEFINITIONS_CHANGED = 'DST_DEFINITIONS_CHANGED'

/** Writes down what the objects that stand by now are, where that is not known yet, or they were made anew since. */
export function noteDefinitions(destination: Session, run: string): Promise<void> {
  return storeDefinitions(destination, run, definedSql(destination.serverVersion))
}

/** What somebody has changed since it was noted. */
export function readChangedDefinitions(destination: Session, run: string): Promise<GoneObject[]> {
  return readRedefined(destination, run, definedSql(destination.serverVersion))
}

const MOST_NAMES = 50

/** Pure. */
export function changedDefinitions(changed: readonly GoneObject[]): readonly RunEvent[] {
  if (changed.length === 0) return []
  const named = changed.map((one) => `${one.kind} ${objectName(one)}`)
  const message = `somebody else has changed on the destination, while the run went on, what it had made as on the source: ${listed(named, { most: MOST_NAMES })}; it stands as changed`
  return [{ level: 'warning', step: 'Seal', code: DEFINITIONS_CHANGED, message }]
}
