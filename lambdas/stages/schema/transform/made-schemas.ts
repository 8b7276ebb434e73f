import type { Renames } from '../../../core/names/renames.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { parseItem, type SourceRights } from '../../../core/structure/rights.ts'
import { PG_NAMESPACE } from '../toc/catalogue-oids.ts'
import { NO_STORAGE, type TocEntry } from '../toc/entry.ts'

/**
 * Schemas of the destination that no entry of the source makes: those that tables move into, and what stands for `public`, of which an
 * archive says nothing as long as it is as the server has made it.
 */
export function madeSchemas(
  { made, emptied }: Renames,
  entries: readonly TocEntry[],
  rights: readonly SourceRights[],
): readonly TocEntry[] {
  const first = Math.max(0, ...entries.map(({ id }) => id)) + 1
  const said = new Set(entries.flatMap(({ kind, tag }) => (kind === 'SCHEMA' ? [tag] : [])))
  const standIns = [...emptied].filter(([from, to]) => !said.has(from) && to !== 'public')
  const found = [
    ...standIns.map(([from, to]) => ({ name: to, open: isOpen(from, rights), oid: oidOf(from, rights) })),
    ...made.map((name) => ({ name, open: false, oid: 0 })),
  ]
  return found.map(({ name, open, oid }, index) => {
    const quoted = quoteIdentifier(name)
    // What is in public is in everybody’s reach.
    const grant = open ? `GRANT USAGE ON SCHEMA ${quoted} TO PUBLIC;\n` : ''
    return {
      id: first + index,
      catalogOid: oid === 0 ? 0 : PG_NAMESPACE,
      oid,
      kind: 'SCHEMA',
      tag: name,
      section: 'pre-data',
      sql: `CREATE SCHEMA ${quoted};\n${grant}`,
      dropSql: `DROP SCHEMA ${quoted};\n`,
      schema: null,
      owner: '',
      ...NO_STORAGE,
      dependencies: [],
    }
  })
}

function oidOf(schema: string, rights: readonly SourceRights[]): number {
  return rights.find((one) => one.catalogue === PG_NAMESPACE && one.identity === schema)?.oid ?? 0
}

function isOpen(schema: string, rights: readonly SourceRights[]): boolean {
  const acl = rights.find((one) => one.catalogue === PG_NAMESPACE && one.identity === schema)?.acl ?? []
  return acl.map(parseItem).some(([privilege, grantee]) => privilege === 'USAGE' && grantee === 'p')
}
