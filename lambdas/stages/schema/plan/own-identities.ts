import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { ChangedIdentity } from '../../../core/stream/identities.ts'
import type { TocEntry } from '../toc/entry.ts'

/** As pg_dump writes it behind a table or an index. */
const CLAUSE =
  /\nALTER TABLE ONLY (?:[^";]|"(?:[^"]|"")*")+? REPLICA IDENTITY (?:FULL|NOTHING|USING INDEX (?:"(?:[^"]|"")*"|[^";]+));\n/

/** Tables, and the indexes on them, with the replica identity that they have but for being followed. Pure. */
export function withOwnIdentities(entries: readonly TocEntry[], changed: readonly ChangedIdentity[]): TocEntry[] {
  const tables = new Map(changed.map((one) => [one.oid, one]))
  const named = ({ schema, kind, tag }: Pick<TocEntry, 'schema' | 'kind' | 'tag'>) =>
    JSON.stringify([kind, schema, tag])
  const indexes = new Set(
    changed.flatMap(({ schema, name, index }) =>
      index === null
        ? []
        : [
            named({ kind: 'INDEX', schema, tag: index }),
            named({ kind: 'CONSTRAINT', schema, tag: `${name} ${index}` }),
          ],
    ),
  )
  return entries.map((entry) => {
    const table = entry.kind === 'TABLE' ? tables.get(entry.oid) : undefined
    if (table === undefined && !indexes.has(named(entry))) return entry
    const sql = entry.sql.replace(CLAUSE, '')
    if (table?.from !== 'n') return { ...entry, sql }
    const own = `\nALTER TABLE ONLY ${quoteQualified(table.schema, table.name)} REPLICA IDENTITY NOTHING;\n`
    return { ...entry, sql: `${sql}${own}` }
  })
}
