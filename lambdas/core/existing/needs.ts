import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import type { Meeting } from './meetings.ts'
import { nameKey } from './tables.ts'

const NEEDS = sqlFile(new URL('./sql/needs.sql', import.meta.url))

/** A type, function or sequence that stands on the destination because a table there needs it. */
export interface NeededThere {
  readonly space: 'relation' | 'type' | 'function'
  readonly schema: string
  readonly name: string
  /** "(integer, text)" for functions, empty otherwise. */
  readonly signature: string
}

/** What the tables there cannot be without: it stands where they do, and stays. A sequence of a column goes with a table that is dropped. */
export async function readNeeds(session: Session, meetings: readonly Meeting[]): Promise<readonly NeededThere[]> {
  if (meetings.length === 0) return []
  const needed = await session.rows<NeededThere>(NEEDS, [meetings.map(({ there }) => there.oid)])
  const gone = new Set(
    meetings.filter(({ mode }) => mode === 'replace').flatMap(({ there }) => there.sequences.map(nameKey)),
  )
  return needed.filter((one) => one.space !== 'relation' || !gone.has(nameKey(one)))
}
