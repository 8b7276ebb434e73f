import type { PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import { type ColumnOrder, readColumnOrder } from '../../../core/postgres/column-order.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { type ExtensionRelation, readExtensionRelations } from '../../../core/postgres/extension-relations.ts'
import { readRowSecuredViews } from '../../../core/postgres/row-secured-views.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { readRights, type SourceRights } from '../../../core/structure/rights.ts'
import type { DatabaseForm } from './database/destination-database.ts'
import type { CloneApart } from './keys/clones-apart.ts'
import type { LargeObjectRemarks } from './large-object-remarks.ts'
import type { DefaultSetting } from './refresh.ts'
import type { PolicyRoles } from './rights/policies.ts'

const NATIVE_FUNCTIONS = sqlFile(new URL('../sql/native-functions.sql', import.meta.url))
const MATERIALIZED_VIEWS = sqlFile(new URL('../sql/materialized-views.sql', import.meta.url))
const DEFAULT_SETTINGS = sqlFile(new URL('../sql/default-settings.sql', import.meta.url))
const POLICY_ROLES = sqlFile(new URL('../sql/policy-roles.sql', import.meta.url))
const EXTENSION_COMMENTS = sqlFile(new URL('../sql/extension-comments.sql', import.meta.url))
const HIDDEN_MAPPINGS = sqlFile(new URL('../sql/hidden-mappings.sql', import.meta.url))
const LARGE_OBJECT_REMARKS = sqlFile(new URL('../sql/large-object-remarks.sql', import.meta.url))
const DEFAULTS_TAKEN = sqlFile(new URL('../sql/defaults-taken.sql', import.meta.url))
const CLONES_APART = sqlFile(new URL('../sql/clones-apart.sql', import.meta.url))
const TREES = sqlFile(new URL('../sql/trees.sql', import.meta.url))
const RELATIONS = sqlFile(new URL('../sql/relations.sql', import.meta.url))

/** What the archive does not tell about the source, by object identifier. One query each, whatever the number of objects. */
export interface SourceFacts {
  /** Functions in C or of the server itself, with their language. */
  readonly nativeFunctions: ReadonlyMap<number, string>
  readonly materializedViews: ReadonlyMap<number, { readonly populated: boolean; readonly bytes: number }>
  /** What materialized views are filled under. */
  readonly settings: readonly DefaultSetting[]
  readonly policyRoles: ReadonlyMap<number, PolicyRoles>
  /** Tags of comments on extensions that somebody has written himself. */
  readonly ownExtensionComments: ReadonlySet<string>
  /** Tags of user mappings whose options the source's account is not shown. */
  readonly hiddenMappings: ReadonlySet<string>
  /** Views, materialized ones among them, that read row-secured tables. */
  readonly rowSecuredViews: ReadonlySet<number>
  /** The account that reads the source. */
  readonly account: string
  readonly relations: ReadonlyMap<number, RelationFacts>
  /** What extensions have declared as their configuration. */
  readonly configuration: readonly ExtensionRelation[]
  /** Partitioned tables whose rows travel through the root, with their leaf partitions. */
  readonly trees: ReadonlyMap<number, readonly number[]>
  /** Columns that inherit without the default that an ancestor’s column has. */
  readonly defaultsTaken: ReadonlyMap<number, readonly string[]>
  /** Triggers of partitions that fire otherwise than what they are clones of. */
  readonly clonesApart: ReadonlyMap<number, CloneApart>
  /** Which tables get another order of columns. */
  readonly columnOrder: ColumnOrder
  /** How many large objects there are. */
  readonly largeObjects: number
  readonly largeObjectBytes: number
  readonly largeObjectRemarks: readonly LargeObjectRemarks[]
  /** Owners, rights and what decides whose rights count. */
  readonly rights: readonly SourceRights[]
  /** `server_version_num` */
  readonly serverVersion: number
}

export interface RelationFacts extends Omit<PlannedRelation, 'object'> {
  readonly partitioned?: boolean
  /** @default true */
  readonly heap?: boolean
}

/** Row-level security came with 9.5. */
const POLICIES_SINCE = 90_500

/** Declared partitions came with 10. */
const TREES_SINCE = 100_000

/**
 * @param tables oids of the archive's tables
 * @param destination what the destination's database is like
 * @param offered the comments that extensions bring along there, by their names
 * @param rerouted oids of partitioned tables whose rows may belong to other partitions there, since the task computes their key
 */
export async function readFacts(
  source: Session,
  tables: readonly number[],
  destination: Pick<DatabaseForm, 'encoding' | 'collate' | 'provider'>,
  offered: ReadonlyMap<string, string | null>,
  rerouted: readonly number[] = [],
): Promise<SourceFacts> {
  const functions = await source.rows<{ oid: number; language: string }>(NATIVE_FUNCTIONS)
  const views = await source.rows<{ oid: number; populated: boolean; bytes: number }>(MATERIALIZED_VIEWS)
  const policies =
    source.serverVersion >= POLICIES_SINCE ? await source.rows<PolicyRoles & { oid: number }>(POLICY_ROLES) : []
  const configuration = (await readExtensionRelations(source)).filter((relation) => relation.configuration)
  const relations = await source.rows<RelationFacts>(RELATIONS, [
    [...tables, ...configuration.flatMap(({ kind, oid }) => (kind === 'table' ? [oid] : []))],
  ])
  const text = [source.parameters.get('server_encoding') === destination.encoding, ordersByBytes(destination)]
  const trees =
    source.serverVersion >= TREES_SINCE
      ? await source.rows<{ root: number; leaves: string[] }>(TREES, [...text, rerouted])
      : []
  const taken = await source.rows<{ oid: number; columns: string[] }>(DEFAULTS_TAKEN)
  const clones = await source.rows<{ clone: string; above: string[]; ofForeignKey: boolean }>(CLONES_APART)
  const mappings = await source.rows<{ tag: string }>(HIDDEN_MAPPINGS)
  const comments = await source.rows<{ tag: string; name: string; comment: string }>(EXTENSION_COMMENTS)
  const secured = await readRowSecuredViews(source)
  const [account] = await source.rows<{ name: string }>('SELECT current_user::text AS name')
  const [large] = await source.rows<{ count: number; bytes: number }>(
    `SELECT count(*)::float8 AS count, pg_catalog.pg_table_size('pg_catalog.pg_largeobject')::float8 AS bytes
       FROM pg_catalog.pg_largeobject_metadata`,
  )
  return {
    nativeFunctions: new Map(functions.map(({ oid, language }) => [oid, language])),
    materializedViews: new Map(views.map((view) => [view.oid, view])),
    settings: await source.rows<DefaultSetting>(DEFAULT_SETTINGS),
    policyRoles: new Map(policies.map((policy) => [policy.oid, policy])),
    hiddenMappings: new Set(mappings.map(({ tag }) => tag)),
    ownExtensionComments: new Set(
      comments.filter(({ name, comment }) => offered.get(name) !== comment).map(({ tag }) => tag),
    ),
    rowSecuredViews: new Set(secured.map(({ oid }) => oid)),
    account: account?.name ?? '',
    relations: new Map(relations.map((relation) => [relation.oid, relation])),
    configuration,
    trees: new Map(trees.map(({ root, leaves }) => [root, leaves.map(Number)])),
    defaultsTaken: new Map(taken.map(({ oid, columns }) => [oid, columns])),
    clonesApart: new Map(
      clones.map(({ clone, above, ofForeignKey }) => [Number(clone), { above: above.map(Number), ofForeignKey }]),
    ),
    columnOrder: await readColumnOrder(source),
    largeObjects: large?.count ?? 0,
    largeObjectBytes: large?.bytes ?? 0,
    largeObjectRemarks: await source.rows<LargeObjectRemarks>(LARGE_OBJECT_REMARKS),
    rights: await readRights(source),
    serverVersion: source.serverVersion,
  }
}

function ordersByBytes({ collate, provider }: Pick<DatabaseForm, 'collate' | 'provider'>): boolean {
  return provider === 'c' && (collate === 'C' || collate === 'POSIX')
}
