import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { DestinationRoles } from '../../../core/postgres/roles.ts'
import { isAwsRole } from '../../../core/task/aws-names.ts'
import type { TocEntry } from '../toc/entry.ts'
import { amazonOnly } from './amazon-only.ts'
import type { SourceFacts } from './facts.ts'
import { neverApplied } from './kinds.ts'
import type { PublicationForms } from './publications.ts'
import { judgePolicy, type PolicyRoles } from './rights/policies.ts'
import { keepKnownRoles, mappedRole, type RoleQuestions } from './rights/privileges.ts'
import { verified } from './rights/verify-rights.ts'

/** What becomes of one entry that is selected. */
export type EntryVerdict =
  | { readonly verdict: 'migrate'; readonly sql: string }
  | { readonly verdict: 'transform'; readonly sql: string; readonly reason: string }
  | { readonly verdict: 'skip'; readonly reason: string }

export function judgeEntry(
  entry: TocEntry,
  facts: SourceFacts,
  roles: DestinationRoles,
  publication: PublicationForms,
  refusedNative: ReadonlyMap<number, string> = new Map(),
): EntryVerdict {
  const left = neverApplied(entry) ?? amazonOnly(entry)
  if (left !== null) return { verdict: 'skip', reason: left }
  const isKnown = (role: string) => roles.byName.has(role) && !isAwsRole(role)
  switch (entry.kind) {
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE':
      return judgeFunction(entry, facts, roles.superuser, refusedNative)
    case 'ACL':
    case 'DEFAULT ACL':
      return judgePrivileges(entry, {
        // What an owner has is his, whoever he is on the destination.
        isKnown: (role) => isKnown(role) || (entry.kind === 'ACL' && role === entry.owner),
        maySpeakFor: (role) => speaksFor(role, roles),
        // What the source's account gives by default is the destination account's to give.
        standIns: new Map(speaksFor(facts.account, roles) ? [] : [[facts.account, roles.account]]),
      })
    case 'COMMENT':
      return judgeComment(entry, facts, roles)
    case 'POLICY':
      return judgePolicy(entry, facts.policyRoles.get(entry.oid) ?? forEverybody, isKnown)
    case 'USER MAPPING':
      return judgeMapping(entry, facts, isKnown)
    case 'PUBLICATION':
      return / FOR ALL TABLES\b/.test(entry.sql)
        ? publication.forAllTables(entry)
        : { verdict: 'migrate', sql: entry.sql }
    case 'PUBLICATION TABLES IN SCHEMA':
      return publication.tablesInSchema(entry)
    case 'TRIGGER':
      return facts.clonesApart.get(entry.oid)?.ofForeignKey
        ? { verdict: 'skip', reason: OF_FOREIGN_KEY }
        : { verdict: 'migrate', sql: entry.sql }
    case 'SCHEMA':
      // `public` is there already, and a schema may have been made by hand: only its objects can be in the way.
      return { verdict: 'migrate', sql: schemaSql(entry) }
    case 'TABLE':
    case 'FOREIGN TABLE':
      return judgeTable(entry, facts)
    default:
      return { verdict: 'migrate', sql: withAccessMethod(entry) }
  }
}

/** pg_dump names it as the source’s server does, by a number. */
const OF_FOREIGN_KEY =
  'it enforces a foreign key for one partition, and does so there: what it is switched to is not migrated; ALTER TABLE … DISABLE TRIGGER ALL on the partition switches it off again'

/** The statement is the same; what it makes is not. */
function judgeTable(entry: TocEntry, { columnOrder }: SourceFacts): EntryVerdict {
  const sql = withAccessMethod(entry)
  const reordered = columnOrder.reordered.get(entry.oid)
  if (reordered === undefined) return { verdict: 'migrate', sql }
  return {
    verdict: 'transform',
    sql,
    reason: `inherited columns come first, so their order is another one: ${reordered.columns.join(', ')}`,
  }
}

function judgeFunction(
  entry: TocEntry,
  { nativeFunctions }: SourceFacts,
  superuser: boolean,
  refused: ReadonlyMap<number, string>,
): EntryVerdict {
  const language = nativeFunctions.get(entry.oid)
  if (language === undefined || entry.kind === 'AGGREGATE') return { verdict: 'migrate', sql: entry.sql }
  const said = refused.get(entry.oid)
  if (superuser && said === undefined) return { verdict: 'migrate', sql: entry.sql }
  const what = `a function in ${language === 'c' ? 'C' : 'the server’s internal language'}`
  const why = superuser ? `that the destination refuses: ${said}` : 'cannot be made by the account of a managed server'
  return { verdict: 'skip', reason: `${what} ${why}` }
}

/** An extension brings its own comment; another one its owner may say. */
function judgeComment({ tag, sql }: TocEntry, facts: SourceFacts, roles: DestinationRoles): EntryVerdict {
  if (!tag.startsWith('EXTENSION ')) return { verdict: 'migrate', sql }
  if (!facts.ownExtensionComments.has(tag)) return { verdict: 'skip', reason: 'the extension brings it itself' }
  if (roles.othersExtensions?.has(tag)) return { verdict: 'skip', reason: 'the extension is another role’s there' }
  return { verdict: 'migrate', sql }
}

function speaksFor(role: string, { byName }: DestinationRoles): boolean {
  const standing = byName.get(role)
  return standing !== undefined && (standing.mine || standing.giveable)
}

function judgePrivileges(entry: TocEntry, roles: RoleQuestions): EntryVerdict {
  const { sql: known, leftOut, grantorLost } = keepKnownRoles(entry.sql, roles)
  // What depends on nothing that is made here is the server's, an extension's, or a schema that may be there already.
  const isOthers = entry.kind === 'ACL' && (entry.dependencies.length === 0 || entry.tag.startsWith('SCHEMA '))
  const sql = isOthers && known !== '' ? verified(known) : known
  if (leftOut.length === 0 && !grantorLost) return { verdict: 'migrate', sql }
  const names = leftOut.join(', ')
  const absent = leftOut.length === 0 ? [] : [leftOutReason(entry.kind, names)]
  const reason = [...absent, ...(grantorLost ? ['the grantor becomes the destination’s account'] : [])].join('; ')
  if (sql === '') return { verdict: 'skip', reason }
  return { verdict: 'transform', sql, reason }
}

function leftOutReason(kind: string, roles: string): string {
  if (kind === 'DEFAULT ACL') return `the destination has no role ${roles}, or its account may not speak for it`
  return `the destination has no role ${roles}`
}

const forEverybody: PolicyRoles = { permissive: true, roles: [], memberships: [] }

function judgeMapping(entry: TocEntry, facts: SourceFacts, isKnown: (role: string) => boolean): EntryVerdict {
  const role = mappedRole(entry.sql)
  if (role !== null && !isKnown(role)) return { verdict: 'skip', reason: `the destination has no role ${role}` }
  if (!facts.hiddenMappings.has(entry.tag)) return { verdict: 'migrate', sql: entry.sql }
  const alter = entry.sql
    .trim()
    .replace(/^CREATE /, 'ALTER ')
    .replace(/;$/, '')
  return {
    verdict: 'transform',
    sql: entry.sql,
    reason: `the source does not show its options to the account: set them by hand, ${alter} OPTIONS (ADD user …, ADD password …)`,
  }
}

function schemaSql(entry: TocEntry): string {
  if (entry.tag === 'public') return 'CREATE SCHEMA IF NOT EXISTS public;\n'
  return entry.sql.replace(/^CREATE SCHEMA (?!IF NOT EXISTS)/, 'CREATE SCHEMA IF NOT EXISTS ')
}

/**
 * pg_restore sets the method before the statement and until it sets another; ours must not hold for what shares the
 * transaction. A partitioned table has a method for its partitions to come, by a statement of its own.
 */
function withAccessMethod(entry: TocEntry): string {
  const { accessMethod, relationKind } = entry
  if (!accessMethod) return entry.sql
  if (relationKind === 'p') {
    const table = quoteQualified(entry.schema ?? 'public', entry.tag)
    return `${entry.sql}\nALTER TABLE ${table} SET ACCESS METHOD ${quoteIdentifier(accessMethod)};\n`
  }
  // Every session begins with it.
  if (accessMethod === 'heap') return entry.sql
  const use = (method: string) =>
    `SELECT pg_catalog.set_config('default_table_access_method', ${quoteLiteral(method)}, true);\n`
  return `${use(accessMethod)}${entry.sql}\n${use('heap')}`
}
