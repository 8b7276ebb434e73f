import { type ComputedColumn, type ComputedTables, NOTHING_COMPUTED } from '../../../core/expression/computed.ts'
import { allOf, conditionOfTree, type FilterableTable } from '../../../core/filter/filtered.ts'
import type { ExpectedRights } from '../../../core/ledger/objects/expected-rights.ts'
import type { PlannedObject, PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import type { ExtensionPlace } from '../../../core/postgres/extension-places.ts'
import type { ClosedSchema, DestinationRoles } from '../../../core/postgres/roles.ts'
import { LARGE_OBJECT_IDS } from '../../../core/postgres/value-types.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import type { TaskDatabase } from '../../../core/task/databases.ts'
import { describe, select } from '../../../core/task/select/select.ts'
import { dataKinds, relationKinds, remarkKinds, viewBodies } from '../../../core/task/select/selectable.ts'
import type { KeyChoice, RowFilter, TableName } from '../../../core/task/table-options.ts'
import { type ArchiveFilter, readFilter, requireNamesUsed } from '../select/filter.ts'
import type { TocEntry } from '../toc/entry.ts'
import { madeSchemas } from '../transform/made-schemas.ts'
import type { Transformation } from '../transform/transform.ts'
import { completeEntries } from './complete.ts'
import { withoutLz4 } from './compression.ts'
import { isDatabaseProperty } from './database-properties.ts'
import { expectedRights } from './expected-rights.ts'
import { judgeExtensionData } from './extension-data.ts'
import type { SourceFacts } from './facts.ts'
import { type JudgedProperty, propertyEntries } from './judge-properties.ts'
import { planSteps } from './key-steps.ts'
import { keysLeft } from './keys-left.ts'
import { largeObjectOwners } from './large-object-owners.ts'
import { newRoles } from './new-roles.ts'
import { inOlderSyntax } from './older-syntax.ts'
import { withOwners } from './ownership.ts'
import { guardSql, guardsOfRights } from './policies.ts'
import { publicationForms } from './publications.ts'
import { withoutReaderRights } from './reader-rights.ts'
import { assignStages } from './stages.ts'
import { inDefaultTablespace } from './tablespaces.ts'
import { type EntryVerdict, judgeEntry } from './verdict.ts'

/** What the task wants of single tables. */
export interface TableChanges {
  readonly names: readonly TableName[]
  readonly filters: readonly RowFilter[]
  /** The conditions of each table that has any, by its oid. */
  readonly conditions: ReadonlyMap<number, readonly string[]>
  readonly computed: ComputedTables
  readonly keys: readonly KeyChoice[]
  /** All of the source; none where the task wants nothing of single tables. */
  readonly tables: readonly FilterableTable[]
}

const NO_CHANGES: TableChanges = {
  names: [],
  filters: [],
  conditions: new Map(),
  computed: NOTHING_COMPUTED,
  keys: [],
  tables: [],
}

export interface PlanInput {
  readonly run: string
  readonly destinationVersion: number
  readonly entries: readonly TocEntry[]
  readonly facts: SourceFacts
  /** What the destination has for the configuration of extensions, by its oid on the source. @default nothing is known */
  readonly places?: ReadonlyMap<number, ExtensionPlace>
  /** Rows that stand in tables of extensions there give way. @default false */
  readonly mayReplaceRows?: boolean
  readonly roles: DestinationRoles
  /** Those of them that are still to be made. @default none */
  readonly newRoles?: readonly string[]
  /** Schemas of the destination that the account may not open to others. @default none */
  readonly closedSchemas?: ReadonlyMap<string, ClosedSchema>
  readonly include: readonly string[]
  readonly exclude: TaskDatabase['exclude']
  /** What the task wants of single tables. @default nothing */
  readonly changes?: TableChanges
  /** What is set for the database itself, as the destination takes it. @default nothing */
  readonly properties?: readonly JudgedProperty[]
  /** The destination compresses columns with lz4 where it is told to. @default true */
  readonly lz4?: boolean
  /** Entries that the destination was seen to refuse, and those that need them, each with its reason. @default none */
  readonly refused?: ReadonlyMap<number, string>
  /** Numbers the entries, completed ones among them, as an earlier plan did. @default as the archive does */
  readonly number?: (entries: readonly TocEntry[]) => readonly TocEntry[]
  /** What all of it is under the destination’s names. @default as on the source */
  readonly transformation?: Transformation
}

export interface Plan {
  /** The source’s entries by the objects’ numbers, left out ones among them. */
  readonly entries: readonly TocEntry[]
  readonly objects: readonly PlannedObject[]
  readonly relations: readonly PlannedRelation[]
  /** Grants to the account that reads the source, which are left out without a line for each. */
  readonly readerGrants: number
  /** What the rights on what is made come to. */
  readonly rights: readonly ExpectedRights[]
  /** Chosen by the patterns, and left out because they need something that is excluded: names for people. */
  readonly inVain: readonly string[]
  /** Named by no pattern, and chosen because something that is named needs them: names for people. */
  readonly along: readonly string[]
}

/**
 * Decides for every object of the source what becomes of it. Pure: all facts are given.
 * @throws SampanError `FILTER_MATCHES_NOTHING`
 */
export function planObjects(input: PlanInput): Plan {
  const completed = completeEntries(input.entries, input.facts).map((entry) =>
    inOlderSyntax(entry, input.destinationVersion),
  )
  const { transformation } = input
  const added = transformation ? madeSchemas(transformation.renames, completed, input.facts.rights) : []
  const numbered = input.number?.([...completed, ...added]) ?? [...completed, ...added]
  const complete = numbered.slice(0, completed.length)
  const properties = propertyEntries(input.properties ?? [], complete)
  const reader = withoutReaderRights(complete, input.facts.account, (role) => input.roles.byName.has(role))
  const sources = [...reader.entries, ...properties.keys()]
  const filter = readFilter(input.include, input.exclude, sources)
  const { leftOut, inVain, along } = select(sources, filter)
  const changes = input.changes ?? NO_CHANGES
  requireNamesUsed(
    changes.names,
    sources.filter(({ id }) => !leftOut.has(id)),
  )
  // From here on all is said in the destination’s names.
  const entries = [
    ...numbered.slice(completed.length),
    ...sources.map((entry) => {
      const there = transformation?.texts.get(entry.id)
      return there === undefined ? entry : { ...entry, ...there }
    }),
  ]
  const sourceOf = new Map(sources.map((entry) => [entry.id, entry]))
  const withoutKeys = new Map([...leftOut, ...keysLeft(changes.keys, sources)])
  const fates = decideFates(entries, withoutKeys, properties, input)
  const ordered = behindGuards(entries, leftOut, fates, input.facts)
  const stages = assignStages(ordered)
  const sizes = relationSizes(entries, input.facts)
  const owners = {
    roles: input.roles,
    sourceAccount: input.facts.account,
    closedSchemas: input.closedSchemas ?? new Map(),
  }
  const decided = inApplyOrder(ordered).map((entry, position): Decided => {
    const fate = fates.get(entry.id)
    const blockedBy = fate?.blockedBy ?? null
    const verdict = whereComputed(
      entry,
      fate?.verdict ?? { verdict: 'skip', reason: 'unknown' },
      changes.computed.byTable.get(entry.oid),
    )
    const skipped = verdict.verdict === 'skip'
    const source = sourceOf.get(entry.id)
    const renamed = skipped ? null : whyTransformed(entry, source, transformation)
    const reasons = [...(verdict.verdict === 'migrate' ? [] : [verdict.reason]), ...(renamed === null ? [] : [renamed])]
    return {
      id: entry.id,
      position,
      kind: entry.kind,
      schema: (source ?? entry).schema,
      name: (source ?? entry).tag,
      ...(transformation === undefined ? {} : { there: { schema: entry.schema, name: entry.tag } }),
      owner: entry.owner,
      catalogOid: entry.catalogOid,
      oid: entry.oid,
      stage: skipped ? 'never' : (stages.get(entry.id) ?? 'create'),
      // What is left behind may hold a password (subscriptions, user mappings): it is not kept.
      sql: skipped ? '' : verdict.sql,
      dropSql: skipped ? '' : entry.dropSql,
      dependencies: entry.dependencies,
      bytes: Math.max(0, ...entry.dependencies.map((id) => sizes.get(id) ?? 0)),
      verdict: renamed === null ? verdict.verdict : 'transform',
      reason: reasons.length === 0 ? null : reasons.join('; '),
      status: skipped ? 'skipped' : blockedBy === null ? 'pending' : 'blocked',
      blockedBy,
    }
  })
  const owned = withOwners(decided, entries, input.facts, owners)
  const objects = [...newRoles(input.newRoles ?? [], owned), ...owned]
  const holdsRows = new Set(
    entries
      .filter(({ kind, relationKind }) => (kind === 'TABLE' && relationKind !== 'p') || kind === 'TABLE DATA')
      .map(({ id }) => id),
  )
  const relations = copiedRelations(objects, holdsRows, input.facts, filter, changes).map((relation) =>
    relationThere(relation, transformation),
  )
  const roots = new Map(
    relations.flatMap(({ tree, oid }) =>
      tree ? (input.facts.trees.get(oid) ?? []).map((leaf) => [leaf, oid] as const) : [],
    ),
  )
  const rootOf = new Map(
    objects.flatMap((object) => {
      const root = object.kind === 'TABLE' ? roots.get(object.oid) : undefined
      return root === undefined ? [] : [[object.id, root] as const]
    }),
  )
  const partitioned = new Set(entries.filter(({ relationKind }) => relationKind === 'p').map(({ id }) => id))
  const steps = planSteps(objects, { ...input, relations, rootOf, partitioned })
  const largeObjects = relations.some(({ oid }) => oid === 0)
  const all = largeObjects ? [...steps, ...largeObjectOwners(steps, input.facts.rights, owners)] : steps
  const sameMajor = majorOf(input.facts.serverVersion) === majorOf(input.destinationVersion)
  const rightsFacts = {
    owners,
    policyRoles: input.facts.policyRoles,
    sameMajor,
    everything: filter.everything,
    largeObjects,
  }
  return {
    entries: sources,
    objects: all,
    relations,
    rights: expectedRights(transformation?.rights ?? input.facts.rights, all, rightsFacts),
    readerGrants: reader.grants,
    inVain: inVain.map(({ entry }) => `${describe(entry)}: ${leftOut.get(entry.id)}`),
    along: along.map(describe),
  }
}

/** The statement is the same; the values are not. */
function whereComputed(
  { kind }: TocEntry,
  verdict: EntryVerdict,
  computed: ReadonlyMap<string, ComputedColumn> | undefined,
): EntryVerdict {
  if (kind !== 'TABLE' || computed === undefined || verdict.verdict === 'skip') return verdict
  const named = [...computed.values()].map(({ column, expression }) => `${column.name} by ${expression}`)
  const reason = `the task computes ${named.join(', ')}`
  const before = verdict.verdict === 'transform' ? [verdict.reason] : []
  return { verdict: 'transform', sql: verdict.sql, reason: [...before, reason].join('; ') }
}

/** Both names, where an object is called otherwise there; null where it is as on the source. */
function whyTransformed(
  entry: TocEntry,
  source: TocEntry | undefined,
  transformation: Transformation | undefined,
): string | null {
  if (transformation === undefined) return null
  if (source === undefined) return 'the new names of the task need this schema'
  if (!transformation.texts.has(entry.id)) return null
  const there = objectName({ kind: entry.kind, schema: entry.schema, name: entry.tag })
  const same = entry.schema === source.schema && entry.tag === source.tag
  const excluded = /TABLE$/.test(entry.kind) ? (transformation.renames.relations.get(entry.oid)?.excluded ?? []) : []
  if (excluded.length > 0) return `${same ? '' : `on the destination it is ${there}, `}without ${excluded.join(', ')}`
  return same ? 'it follows what has another name' : `on the destination it is ${there}`
}

function relationThere(relation: PlannedRelation, transformation: Transformation | undefined): PlannedRelation {
  const renamed = transformation?.renames.relations.get(relation.oid)
  if (renamed === undefined || relation.oid === 0) return relation
  const comes = (_: string | null, at: number) => !renamed.excluded.includes(relation.columns[at] ?? '')
  const columns = relation.columns.filter(comes)
  return {
    ...relation,
    columns,
    types: relation.types.filter(comes),
    ...(relation.expressions ? { expressions: relation.expressions.filter(comes) } : {}),
    excluded: renamed.excluded,
    hasKey: relation.hasKey && transformation?.keyless.has(relation.oid) !== true,
    there: { ...renamed.to, columns: columns.map((column) => renamed.columns.get(column) ?? column) },
  }
}

function majorOf(version: number): number {
  return Math.floor(version / 10_000)
}

/** An object before it is decided in which steps it is made. */
type Decided = Omit<PlannedObject, 'rowsOf' | 'worksOn' | 'buildSql' | 'finishSql'>

interface Fate {
  readonly verdict: EntryVerdict
  /** The skipped object that this one cannot be without. */
  readonly blockedBy: number | null
}

const goneWithIt: EntryVerdict = { verdict: 'skip', reason: 'what it belongs to is left behind' }

/** A view whose body cannot come would be a stand-in that shows NULLs: it goes its body's way, and so does what needs it. */
function decideFates(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  properties: ReadonlyMap<TocEntry, EntryVerdict>,
  input: PlanInput,
): Map<number, Fate> {
  const bodies = [...viewBodies(entries)]
  const bodiless = new Map<number, Fate>()
  for (;;) {
    const fates = judgeEntries(entries, leftOut, properties, input, bodiless)
    const found = bodies.flatMap(([view, body]) => {
      const [own, fate] = [fates.get(view), fates.get(body)]
      const comes = own?.verdict.verdict !== 'skip' && own?.blockedBy === null
      const isLost = fate !== undefined && (fate.verdict.verdict === 'skip' || fate.blockedBy !== null)
      return comes && isLost ? [[view, fateOfBodiless(own, fate)] as const] : []
    })
    if (found.length === 0) return fates
    for (const [view, fate] of found) bodiless.set(view, fate)
  }
}

function fateOfBodiless(own: Fate, body: Fate): Fate {
  return body.blockedBy === null ? body : { verdict: own.verdict, blockedBy: body.blockedBy }
}

function judgeEntries(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  properties: ReadonlyMap<TocEntry, EntryVerdict>,
  input: PlanInput,
  decided: ReadonlyMap<number, Fate>,
): Map<number, Fate> {
  const { facts, roles, destinationVersion, refused, lz4 } = input
  const fates = new Map<number, Fate>()
  const publication = publicationForms(
    entries.filter(({ id }) => !leftOut.has(id)),
    { superuser: roles.superuser, destinationVersion },
  )
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  for (const entry of entries) {
    const reason = leftOut.get(entry.id) ?? refused?.get(entry.id)
    if (reason !== undefined) {
      fates.set(entry.id, { verdict: { verdict: 'skip', reason }, blockedBy: null })
      continue
    }
    const known = decided.get(entry.id)
    if (known !== undefined) {
      fates.set(entry.id, known)
      continue
    }
    const judged = properties.get(entry) ?? dataVerdict(entry, input) ?? judgeEntry(entry, facts, roles, publication)
    const verdict = inDefaultTablespace(entry, lz4 === false ? withoutLz4(judged) : judged)
    const blockedBy = verdict.verdict === 'skip' ? null : blockerOf(entry, fates, byId)
    const follows = remarkKinds.has(entry.kind) || dataKinds.has(entry.kind)
    const isGone = follows && entry.dependencies.includes(blockedBy ?? -1)
    fates.set(entry.id, isGone ? { verdict: goneWithIt, blockedBy: null } : { verdict, blockedBy })
  }
  return fates
}

function dataVerdict({ kind, oid }: TocEntry, { facts, places, mayReplaceRows }: PlanInput): EntryVerdict | null {
  if (!dataKinds.has(kind)) return null
  const relation = facts.configuration.find((one) => one.oid === oid)
  return relation === undefined ? null : judgeExtensionData(relation, places?.get(oid), mayReplaceRows ?? false)
}

/**
 * The entries with the rights of row-secured tables last, behind what guards the rows; fates of rights follow their guards'.
 * A policy whose roles are all absent guards nothing.
 */
function behindGuards(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  fates: Map<number, Fate>,
  facts: SourceFacts,
): readonly TocEntry[] {
  const guardsOf = guardsOfRights(entries, facts)
  const last: TocEntry[] = []
  for (const entry of entries) {
    const fate = fates.get(entry.id)
    const guard = guardsOf.get(entry.id)
    if (!guard || !fate || fate.verdict.verdict === 'skip') continue
    const lost = guard.entries.find(({ id }) => leftOut.has(id))
    const blockedBy = guard.entries.map(({ id }) => fates.get(id)?.blockedBy ?? null).find((id) => id !== null)
    const standing = guard.entries.filter(({ id }) => fates.get(id)?.verdict.verdict !== 'skip')
    if (lost) {
      const reason = `${describe(lost)} is left out, and without it these rights would show more rows`
      fates.set(entry.id, { verdict: { verdict: 'skip', reason }, blockedBy: null })
    } else {
      const sql = guardSql({ ...guard, entries: standing }) + fate.verdict.sql
      fates.set(entry.id, { verdict: { ...fate.verdict, sql }, blockedBy: blockedBy ?? fate.blockedBy })
    }
    last.push({ ...entry, dependencies: [...entry.dependencies, ...standing.map(({ id }) => id)] })
  }
  const moved = new Set(last.map(({ id }) => id))
  return [...entries.filter(({ id }) => !moved.has(id)), ...last]
}

/** A skipped object among what an entry needs, directly or through something blocked. Nothing needs a comment or a privilege. */
function blockerOf(
  entry: TocEntry,
  fates: ReadonlyMap<number, Fate>,
  byId: ReadonlyMap<number, TocEntry>,
): number | null {
  for (const id of entry.dependencies) {
    const fate = fates.get(id)
    if (!fate || remarkKinds.has(byId.get(id)?.kind ?? '')) continue
    if (fate.blockedBy !== null) return fate.blockedBy
    if (fate.verdict.verdict === 'skip') return id
  }
  return null
}

/**
 * Schemas, extensions, then the archive's order; event triggers behind it, because they fire at every object after them; what
 * is set for the database last of all.
 */
function inApplyOrder(entries: readonly TocEntry[]): readonly TocEntry[] {
  const rank = (entry: TocEntry) => {
    const { kind, tag } = entry
    if (isDatabaseProperty(entry)) return 4
    if (kind === 'SCHEMA') return 0
    if (kind === 'EXTENSION') return 1
    if (kind === 'EVENT TRIGGER' || tag.startsWith('EVENT TRIGGER ')) return 3
    return 2
  }
  return entries.toSorted((a, b) => rank(a) - rank(b))
}

function relationSizes(entries: readonly TocEntry[], facts: SourceFacts): Map<number, number> {
  return new Map(
    entries
      .filter(({ kind }) => relationKinds.has(kind))
      .map(({ id, oid }) => [id, facts.relations.get(oid)?.bytes ?? facts.materializedViews.get(oid)?.bytes ?? 0]),
  )
}

function copiedRelations(
  objects: readonly Decided[],
  holdsRows: ReadonlySet<number>,
  facts: SourceFacts,
  filter: ArchiveFilter,
  { conditions, computed }: TableChanges,
): PlannedRelation[] {
  const trees = wholeTrees(objects, facts)
  const inTrees = new Set(trees.flatMap(({ leaves }) => leaves))
  const tables = objects.flatMap((object): PlannedRelation[] => {
    if (object.status !== 'pending' || !holdsRows.has(object.id) || inTrees.has(object.oid)) return []
    const relation = facts.relations.get(object.oid)
    if (relation === undefined) throw changed(object)
    const own = { ...relation, object: object.id }
    if (object.kind === 'TABLE') {
      return [withComputed(filtered(own, allOf(conditions.get(object.oid) ?? [])), computed)]
    }
    // Made by its extension, and kept: of the same rows there may be others.
    const { where, behind } = facts.configuration.find(({ oid }) => oid === object.oid) ?? { where: 'true', behind: [] }
    return [{ ...relation, object: object.id, where, behind }]
  })
  tables.push(
    ...trees.map(({ relation, leaves }) =>
      withComputed(filtered(relation, conditionOfTree(leaves, conditions)), computed),
    ),
  )
  // Large objects belong to no schema: they come with everything, or with a table whose columns may point to them.
  const pointing = tables.some(({ types }) => types.some((type) => LARGE_OBJECT_IDS.test(type)))
  if (facts.largeObjects === 0 || filter.excludesLargeObjects || !(filter.everything || pointing)) return tables
  return [...tables, largeObjects(facts)]
}

function filtered(relation: PlannedRelation, where: string | null): PlannedRelation {
  return where === null ? relation : { ...relation, where, filtered: true }
}

function withComputed(relation: PlannedRelation, { byTable }: ComputedTables): PlannedRelation {
  const computed = byTable.get(relation.oid)
  if (computed === undefined) return relation
  return { ...relation, expressions: relation.columns.map((column) => computed.get(column)?.value ?? null) }
}

/** The trees all of whose leaves are migrated, each as the one relation it travels as. */
function wholeTrees(
  objects: readonly Decided[],
  facts: SourceFacts,
): { readonly relation: PlannedRelation; readonly leaves: readonly number[] }[] {
  const pending = new Map(
    objects.flatMap((object) =>
      object.kind === 'TABLE' && object.status === 'pending' ? [[object.oid, object.id] as const] : [],
    ),
  )
  return [...facts.trees].flatMap(([root, leaves]) => {
    const table = facts.relations.get(root)
    const object = pending.get(root)
    if (table === undefined || object === undefined || !leaves.every((leaf) => pending.has(leaf))) return []
    const sizes = leaves.map((leaf) => facts.relations.get(leaf) ?? { bytes: 0, pages: 0 })
    const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
    // A range of TIDs is read in every leaf: the longest leaf says how many ranges there can be.
    const pages = Math.max(0, ...sizes.map((size) => size.pages))
    return [{ relation: { ...table, tree: true, bytes, pages, object }, leaves }]
  })
}

/** A table that is in the archive but no longer in the catalogue would be made, and never filled. */
function changed(object: Decided): SampanError {
  return new SampanError({
    code: 'SRC_OBJECTS_CHANGED',
    message: `the table ${object.schema}.${object.name} went while the source’s objects were being read`,
    remedy: 'nothing was written: the objects are read again; hold back changes of the schema while a migration runs',
    retryable: true,
  })
}

/** The one row that stands for all large objects. */
function largeObjects(facts: SourceFacts): PlannedRelation {
  return {
    oid: 0,
    schema: 'pg_catalog',
    name: 'pg_largeobject',
    columns: [],
    types: [],
    hasKey: true,
    bytes: facts.largeObjectBytes,
    pages: 0,
    object: null,
  }
}
