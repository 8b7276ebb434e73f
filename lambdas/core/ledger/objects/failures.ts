import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'

const RECORD_FAILURES = sqlFile(new URL('./sql/record-failures.sql', import.meta.url))
const REOPEN_OBJECTS = sqlFile(new URL('./sql/reopen-objects.sql', import.meta.url))

export interface ObjectFailure {
  readonly id: number
  readonly code: string
  readonly message: string
}

/** Writes down what could not be made; whatever depends on it, however far, is blocked by it. */
export async function storeFailures(session: Session, run: string, failures: readonly ObjectFailure[]): Promise<void> {
  await session.rows(RECORD_FAILURES, [run, JSON.stringify(failures)])
}

/** What failed in an earlier start of the run is tried again. */
export async function reopenObjects(session: Session, run: string): Promise<void> {
  await session.rows(REOPEN_OBJECTS, [run])
}

export interface UnmadeObject {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly status: 'failed' | 'blocked'
  /** SQLSTATE. */
  readonly code: string | null
  readonly message: string | null
}

/** What could not be made up to now, failures before what they block. */
export async function readUnmade(session: Session, run: string): Promise<UnmadeObject[]> {
  return session.rows<UnmadeObject>(
    `SELECT kind, schema, name, status, error_code AS code, error_message AS message FROM sampan.object
      WHERE run = $1 AND status IN ('failed', 'blocked') ORDER BY status DESC, position`,
    [run],
  )
}
