import { quoteIdentifier } from '../../../../core/postgres/identifiers.ts'
import { parseItem, type SourceRights } from '../../../../core/structure/rights.ts'
import { PG_EXTENSION } from '../../toc/catalogue-oids.ts'
import { NO_STORAGE, type TocEntry } from '../../toc/entry.ts'

/** From 17 on a multirange has its range's rights. */
const RIGHTS_OF_RANGE = 170_000

/** Those of the source's rights that can be on a destination of this version. */
export function rightsOfVersion(rights: readonly SourceRights[], destinationVersion: number): readonly SourceRights[] {
  if (destinationVersion < RIGHTS_OF_RANGE) return rights
  return rights.filter(({ kind, madeIn, catalogue }) => kind !== 'type' || madeIn !== catalogue)
}

/**
 * Rights on what a type or a table brings along by itself, as entries of the archive: pg_dump says nothing of a range type's functions
 * and multirange, nor of a table's row type.
 */
export function rightsAlong(
  entries: readonly TocEntry[],
  rights: readonly SourceRights[],
  firstId: number,
): TocEntry[] {
  // Of members of extensions pg_dump writes what has changed.
  const made = rights.filter(({ madeIn, madeOf, acl }) => madeOf !== null && madeIn !== PG_EXTENSION && acl !== null)
  if (made.length === 0) return []
  const byOid = new Map(entries.map((entry) => [`${entry.catalogOid}.${entry.oid}`, entry]))
  const found = made.flatMap((one) => {
    const parent = byOid.get(`${one.madeIn}.${one.madeOf}`)
    return parent === undefined ? [] : [entry(parent, one)]
  })
  return found.map((each, index) => ({ ...each, id: firstId + index }))
}

function entry(parent: TocEntry, { kind, identity, acl }: SourceRights): TocEntry {
  const target = `${kind.toUpperCase()} ${identity}`
  const grants = (acl ?? []).map(parseItem).flatMap(([privilege, grantee, grantable]) => {
    if (grantee === 'o') return []
    const whom = grantee === 'p' ? 'PUBLIC' : quoteIdentifier(grantee.slice(1))
    return [`GRANT ${privilege} ON ${target} TO ${whom}${grantable ? ' WITH GRANT OPTION' : ''};\n`]
  })
  return {
    ...parent,
    catalogOid: 0,
    oid: 0,
    kind: 'ACL',
    // Without its schema, as pg_dump's own tags are.
    tag: `${kind.toUpperCase()} ${identity.slice(prefixOf(identity).length)}`,
    section: 'post-data',
    sql: `REVOKE ALL ON ${target} FROM PUBLIC;\n${grants.join('')}`,
    dropSql: '',
    ...NO_STORAGE,
    dependencies: [parent.id],
  }
}

/** `public.` of `public.f(integer)`; empty for what is in no schema. */
export function prefixOf(identity: string): string {
  return /^(?:"(?:[^"]|"")*"|[^".]*)\./.exec(identity)?.[0] ?? ''
}
