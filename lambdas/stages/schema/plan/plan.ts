import { type ComputedColumn, type ComputedTables, NOTHING_COMPUTED } from '../../../core/expression/computed.ts'
import type { FilterableTable } from '../../../core/filter/filtered.ts'
import type { ChosenKey, RefusedKey } from '../../../core/filter/keys.ts'
import type { ExpectedRights } from '../../../core/ledger/objects/expected-rights.ts'
import type { PlannedObject, PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import type { ExtensionPlace } from '../../../core/postgres/extension-places.ts'
import type { ClosedSchema, DestinationRoles } from '../../../core/postgres/roles.ts'
import { majorNumber } from '../../../core/postgres/versions.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import type { TaskDatabase } from '../../../core/task/databases.ts'
import { describe, select } from '../../../core/task/select/select.ts'
import { relationKinds } from '../../../core/task/select/selectable.ts'
import type { KeyChoice, RowFilter, TableName } from '../../../core/task/table-options.ts'
import { readFilter, requireNamesUsed } from '../select/filter.ts'
import type { TocEntry } from '../toc/entry.ts'
import { madeSchemas } from '../transform/made-schemas.ts'
import type { Transformation } from '../transform/transform.ts'
import { completeEntries } from './complete.ts'
import { copiedRelations, type Decided, relationThere, withStanding } from './copied-relations.ts'
import { isDatabaseProperty } from './database/database-properties.ts'
import { type JudgedProperty, propertyEntries } from './database/judge-properties.ts'
import type { SourceFacts } from './facts.ts'
import { behindGuards, decideFates } from './fates.ts'
import { planSteps } from './keys/key-steps.ts'
import { keysLeft } from './keys/keys-left.ts'
import { inOlderSyntax } from './older-syntax.ts'
import { expectedRights } from './rights/expected-rights.ts'
import { largeObjectOwners } from './rights/large-object-owners.ts'
import { newRoles } from './rights/new-roles.ts'
import { withOwners } from './rights/ownership.ts'
import { withoutReaderRights } from './rights/reader-rights.ts'
import { assignStages } from './stages.ts'
import { keepStanding } from './standing/keep.ts'
import type { Standing } from './standing/kept.ts'
import type { EntryVerdict } from './verdict.ts'

/** What the task wants of single tables. */
export interface TableChanges {
  readonly names: readonly TableName[]
  readonly filters: readonly RowFilter[]
  /** The conditions of each table that has any, by its oid. */
  readonly conditions: ReadonlyMap<number, readonly string[]>
  /** Oids of the tables that the conditions of each table read beside itself. */
  readonly reads: ReadonlyMap<number, readonly number[]>
  readonly computed: ComputedTables
  readonly keys: readonly KeyChoice[]
  /** The foreign keys that these name. */
  readonly chosenKeys: readonly ChosenKey[]
  /** Those whose rows would follow themselves. */
  readonly refusedKeys: readonly RefusedKey[]
  /** All of the source; none where the task wants nothing of single tables. */
  readonly tables: readonly FilterableTable[]
}

const NO_CHANGES: TableChanges = {
  names: [],
  filters: [],
  conditions: new Map(),
  reads: new Map(),
  computed: NOTHING_COMPUTED,
  keys: [],
  chosenKeys: [],
  refusedKeys: [],
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
  /** Rows go on changing until the cutover: foreign keys and materialized views are made behind it. @default false */
  readonly following?: boolean
  /** Entries that the destination was seen to refuse, and those that need them, each with its reason. @default none */
  readonly refused?: ReadonlyMap<number, string>
  /** Functions in C and in the server's own language that a superuser was seen not to make, by their oid, with what the server said. @default none */
  readonly refusedNative?: ReadonlyMap<number, string>
  /** Numbers the entries, completed ones among them, as an earlier plan did. @default as the archive does */
  readonly number?: (entries: readonly TocEntry[]) => readonly TocEntry[]
  /** What all of it is under the destination’s names. @default as on the source */
  readonly transformation?: Transformation
  /** What stands on the destination already, and is met as the task wants it. @default nothing */
  readonly standing?: Standing
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
  const kept = input.standing === undefined ? new Map<number, EntryVerdict>() : keepStanding(sources, input.standing)
  const fates = decideFates(entries, withoutKeys, properties, { ...input, kept })
  const ordered = behindGuards(entries, leftOut, fates, input.facts)
  const stages = assignStages(ordered, input.following ?? false)
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
      stage: skipped ? 'never' : kept.has(entry.id) ? 'create' : (stages.get(entry.id) ?? 'create'),
      ...(kept.has(entry.id) ? { kept: true } : {}),
      // What is left behind may hold a password (subscriptions, user mappings): it is not kept.
      sql: skipped ? '' : `${input.standing?.replacing.get(entry.id) ?? ''}${verdict.sql}`,
      dropSql: skipped || kept.has(entry.id) ? '' : entry.dropSql,
      dependencies: entry.dependencies,
      bytes: Math.max(0, ...entry.dependencies.map((id) => sizes.get(id) ?? 0)),
      verdict: renamed === null ? verdict.verdict : 'transform',
      reason: reasons.length === 0 ? null : reasons.join('; '),
      status: skipped ? 'skipped' : blockedBy === null ? 'pending' : 'blocked',
      blockedBy,
    }
  })
  const owned = withOwners(decided, entries, input.facts, owners)
  const objects = [...newRoles(input.standing?.rowsAlone ? [] : (input.newRoles ?? []), owned), ...owned]
  const holdsRows = new Set(
    entries
      .filter(({ kind, relationKind }) => (kind === 'TABLE' && relationKind !== 'p') || kind === 'TABLE DATA')
      .map(({ id }) => id),
  )
  const relations = copiedRelations(objects, holdsRows, input.facts, filter, changes).map((relation) =>
    withStanding(relationThere(relation, transformation), input.standing),
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
  const sameMajor = majorNumber(input.facts.serverVersion) === majorNumber(input.destinationVersion)
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
    // Of what stands there already the rights are not the source's to say.
    rights: expectedRights(
      transformation?.rights ?? input.facts.rights,
      all.filter((object) => object.kept !== true),
      rightsFacts,
    ),
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
