import type { TocEntry } from '../../toc/entry.ts'
import { splitStatements } from '../statements.ts'
import { rolesOf } from './privileges.ts'

/**
 * The entries without what was granted to the account that Sampan reads the source with, where the destination has no such
 * role and it owns nothing: it is there for the migration, and a line for each table would hide what is worth reading.
 * @returns also how many grants went
 */
export function withoutReaderRights(
  entries: readonly TocEntry[],
  reader: string,
  isKnown: (role: string) => boolean,
): { readonly entries: readonly TocEntry[]; readonly grants: number } {
  if (reader === '' || isKnown(reader) || entries.some(({ owner }) => owner === reader)) return { entries, grants: 0 }
  let grants = 0
  const kept = entries.flatMap((entry) => {
    if (entry.kind !== 'ACL') return [entry]
    const statements = splitStatements(entry.sql)
    const others = statements.filter((statement) => !(/^GRANT /.test(statement) && isTo(statement, reader)))
    grants += statements.length - others.length
    if (others.length === statements.length) return [entry]
    return others.length === 0 ? [] : [{ ...entry, sql: `${others.join(';\n')};\n` }]
  })
  return { entries: kept, grants }
}

function isTo(grant: string, role: string): boolean {
  const { grantees } = rolesOf(grant)
  return grantees.length === 1 && grantees[0] === role
}
