import type { TocEntry } from '../../../lambdas/stages/schema/toc/entry.ts'

/** An archive entry for tests that need no server. */
export function entry(id: number, kind: string, tag: string, fields: Partial<TocEntry> = {}): TocEntry {
  return {
    id,
    catalogOid: 0,
    oid: id,
    kind,
    tag,
    section: 'pre-data',
    sql: `CREATE ${kind} ${tag};\n`,
    dropSql: '',
    schema: 'public',
    owner: 'owner',
    tablespace: '',
    accessMethod: null,
    relationKind: kind === 'TABLE' ? 'r' : null,
    hasData: false,
    dependencies: [],
    ...fields,
  }
}
