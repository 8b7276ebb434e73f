import type { Session } from '../../../../core/postgres/connect.ts'
import { quoteIdentifier, quoteLiteral } from '../../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../../core/postgres/sql-file.ts'
import { isAwsRole } from '../../../../core/task/aws-names.ts'
import { PG_DATABASE } from '../../toc/catalogue-oids.ts'
import { NO_STORAGE, type TocEntry } from '../../toc/entry.ts'
import { elementsOf, LISTS } from './list-settings.ts'

const SETTINGS = sqlFile(new URL('../../sql/database-settings.sql', import.meta.url))
const REMARKS = sqlFile(new URL('../../sql/database-remarks.sql', import.meta.url))

/** What is set for the source's database and said about it; pg_dump leaves it to `--create`. */
export interface DatabaseProperties {
  /** `role`: for its sessions in this database alone; `null`: for all. */
  readonly settings: readonly { readonly role: string | null; readonly name: string; readonly value: string }[]
  readonly comment: string | null
  /** `null`: the account that reads the source, for which the destination's stands. */
  readonly owner: string | null
  /** -1: none. */
  readonly connectionLimit: number
  /** False where nobody has granted or revoked anything: what a new database has. */
  readonly hasRights: boolean
  /** `role` `null`: PUBLIC. */
  readonly rights: readonly { readonly role: string | null; readonly privilege: string; readonly grantable: boolean }[]
}

export async function readDatabaseProperties(source: Session): Promise<DatabaseProperties> {
  const settings = await source.rows<DatabaseProperties['settings'][number]>(SETTINGS)
  const [remarks] = await source.rows<Omit<DatabaseProperties, 'settings'>>(REMARKS)
  if (remarks === undefined) throw new TypeError('the current database is not in pg_database')
  return { settings, ...remarks }
}

/** Is this entry one of ours, about the database itself? */
export function isDatabaseProperty(entry: Pick<TocEntry, 'catalogOid'>): boolean {
  return entry.catalogOid === PG_DATABASE
}

/**
 * The properties as entries of the archive, each to be made on the destination's database, last of all.
 * @param as the database's name on the destination
 */
export function databaseEntries(properties: DatabaseProperties, as: string): readonly TocEntry[] {
  const database = quoteIdentifier(as)
  const { comment, owner, connectionLimit } = properties
  return [
    ...properties.settings.map(({ role, name, value }) =>
      entry('DATABASE PROPERTIES', role === null ? name : `${name} of ${role}`, setSql(database, role, name, value)),
    ),
    ...(connectionLimit < 0
      ? []
      : [
          entry(
            'DATABASE PROPERTIES',
            'CONNECTION LIMIT',
            `ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`,
          ),
        ]),
    ...(owner === null || isAwsRole(owner)
      ? []
      : [entry('DATABASE PROPERTIES', 'OWNER', `ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(owner)}`)]),
    ...rightsOf(properties, as).map(({ role, sql }) => entry('ACL', `DATABASE ${as} ${role}`, sql)),
    ...(comment === null
      ? []
      : [entry('COMMENT', `DATABASE ${as}`, `COMMENT ON DATABASE ${database} IS ${quoteLiteral(comment)}`)]),
  ]
}

function setSql(database: string, role: string | null, name: string, value: string): string {
  const whom = role === null ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`
  const values = LISTS.has(name) ? elementsOf(value) : [value]
  return `ALTER ${whom} SET ${quoteIdentifier(name)} TO ${values.map(quoteLiteral).join(', ') || "''"}`
}

/** One entry for PUBLIC, whose rights a new database has, and one for each role. Those of Amazon's roles are nobody's. */
function rightsOf(properties: DatabaseProperties, as: string): { readonly role: string; readonly sql: string }[] {
  if (!properties.hasRights) return []
  const on = `ON DATABASE ${quoteIdentifier(as)}`
  const byRole = Map.groupBy(properties.rights, ({ role }) => role)
  const everybody = new Set((byRole.get(null) ?? []).map(({ privilege }) => privilege))
  const taken = ['CONNECT', 'TEMPORARY'].filter((privilege) => !everybody.has(privilege))
  const revoked = taken.map((privilege) => `REVOKE ${privilege} ${on} FROM PUBLIC`)
  const given = everybody.has('CREATE') ? [`GRANT CREATE ${on} TO PUBLIC`] : []
  const ofAll = [...revoked, ...given]
  return [
    ...(ofAll.length === 0 ? [] : [{ role: 'PUBLIC', sql: ofAll.join(';\n') }]),
    ...[...byRole].flatMap(([role, rights]) => {
      if (role === null || isAwsRole(role)) return []
      const grants = rights.map(
        ({ privilege, grantable }) =>
          `GRANT ${privilege} ${on} TO ${quoteIdentifier(role)}${grantable ? ' WITH GRANT OPTION' : ''}`,
      )
      return [{ role, sql: grants.join(';\n') }]
    }),
  ]
}

function entry(kind: string, tag: string, sql: string): TocEntry {
  return {
    id: 0,
    catalogOid: PG_DATABASE,
    oid: 0,
    kind,
    tag,
    section: 'post-data',
    sql: `${sql};\n`,
    dropSql: '',
    schema: null,
    owner: '',
    ...NO_STORAGE,
    dependencies: [],
  }
}
