import type { TocEntry } from '../../toc/entry.ts'
import type { EntryVerdict } from '../verdict.ts'

/** What lies in a tablespace of its own goes to the destination's default one: a managed server has no other. */
export function inDefaultTablespace({ tablespace }: TocEntry, verdict: EntryVerdict): EntryVerdict {
  if (tablespace === '' || verdict.verdict === 'skip') return verdict
  const reason = `it lies in the default tablespace, on the source in ${tablespace}`
  return {
    verdict: 'transform',
    sql: verdict.sql,
    reason: verdict.verdict === 'transform' ? `${verdict.reason}; ${reason}` : reason,
  }
}
