import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'

const ALIGN_CHUNKS = sqlFile(new URL('./sql/align-chunks.sql', import.meta.url))

/** The plan of the copy follows what became of the tables. */
export async function alignChunks(session: Session, run: string): Promise<void> {
  await session.rows(ALIGN_CHUNKS, [run])
}
