import type { RunEvent } from '../../core/ledger/events.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { withoutKeywordQuotesSql } from '../../core/postgres/identifiers.ts'
import { listed } from '../../core/present/listed.ts'

interface MemberComment {
  readonly extension: string
  readonly version: string
  readonly what: string
  readonly comment: string
}

const COMMENTS = `
  SELECT x.extname::text AS extension, x.extversion AS version, i.type || ' ' || ${withoutKeywordQuotesSql('i.identity')} AS what, d.description AS comment
    FROM pg_catalog.pg_extension x
    JOIN pg_catalog.pg_depend m ON m.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND m.refobjid = x.oid AND m.deptype = 'e'
    JOIN pg_catalog.pg_description d ON d.classoid = m.classid AND d.objoid = m.objid
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   ORDER BY 1, 3`

const EXTENSIONS = 'SELECT extname::text AS name, extversion AS version FROM pg_catalog.pg_extension'

/**
 * Comments on members of extensions, of which pg_dump says nothing: the extension brings its own, and somebody may have written others. What
 * the source says and the destination does not is told.
 */
export async function commentsLeftBehind(source: Session, destination: Session): Promise<RunEvent[]> {
  const here = await source.rows<MemberComment>(COMMENTS)
  if (here.length === 0) return []
  const there = await destination.rows<MemberComment>(COMMENTS)
  const extensions = await destination.rows<{ name: string; version: string }>(EXTENSIONS)
  const versions = new Map(extensions.map(({ name, version }) => [name, version]))
  const said = new Map(there.map(({ extension, what, comment }) => [JSON.stringify([extension, what]), comment]))
  const left = here.filter(({ extension, what, comment }) => {
    return versions.has(extension) && said.get(JSON.stringify([extension, what])) !== comment
  })
  if (left.length === 0) return []
  const named = left.map(({ extension, version, what }) => {
    const other = versions.get(extension)
    return `${what} of ${extension}${other === version ? '' : ` (${version} on the source, ${other} here)`}`
  })
  const message = `comments on members of extensions are not migrated, and are otherwise here: ${listed(named)}`
  return [{ level: 'warning', step: 'Seal', code: 'EXTENSION_COMMENTS_LEFT', message }]
}
