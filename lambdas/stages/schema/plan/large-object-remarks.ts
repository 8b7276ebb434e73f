import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { PG_LARGEOBJECT } from '../toc/catalogue-oids.ts'
import { NO_STORAGE, type TocEntry } from '../toc/entry.ts'

/** What is said about one large object beside its bytes. */
export interface LargeObjectRemarks {
  readonly oid: number
  readonly comment: string | null
  /** GRANT statements, as the source writes them. */
  readonly grants: readonly string[]
}

/** Privileges and comments of large objects as entries of the archive, which has none of them when it holds no data. */
export function largeObjectEntries(remarks: readonly LargeObjectRemarks[], firstId: number): TocEntry[] {
  const entries = remarks.flatMap(({ oid, comment, grants }) => [
    ...(grants.length === 0 ? [] : [entry(oid, 'ACL', grants.join('\n'))]),
    ...(comment === null ? [] : [entry(oid, 'COMMENT', `COMMENT ON LARGE OBJECT ${oid} IS ${quoteLiteral(comment)};`)]),
  ])
  return entries.map((made, index) => ({ ...made, id: firstId + index }))
}

function entry(oid: number, kind: 'ACL' | 'COMMENT', sql: string): TocEntry {
  return {
    id: 0,
    catalogOid: PG_LARGEOBJECT,
    oid,
    kind,
    tag: `LARGE OBJECT ${oid}`,
    section: 'post-data',
    sql,
    dropSql: '',
    schema: null,
    owner: '',
    ...NO_STORAGE,
    dependencies: [],
  }
}
