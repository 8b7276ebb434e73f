import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const NEEDS = sqlFile(new URL('./sql/needs.sql', import.meta.url))

/** A type, function or sequence that stands on the destination because a table there needs it. */
export interface NeededThere {
  readonly space: 'relation' | 'type' | 'function'
  readonly schema: string
  readonly name: string
  /** "(integer, text)" for functions, empty otherwise. */
  readonly signature: string
}

/** What tables cannot be without: it stands where they do, and stays with them. @param oids of the session's own tables */
export async function readNeeds(session: Session, oids: readonly number[]): Promise<readonly NeededThere[]> {
  return oids.length === 0 ? [] : session.rows<NeededThere>(NEEDS, [oids])
}
