import { relationKinds } from '../plan/kinds.ts'
import type { TocEntry } from '../toc/entry.ts'
import type { Filter } from './filter.ts'
import { subjectOf } from './subject.ts'

/**
 * Which entries of an archive are left out, each with the reason; all others are chosen. Roots are what the patterns name,
 * then everything they need, then what belongs to them (indexes, constraints, triggers, comments, privileges).
 * The chosen are closed under dependencies. Entries come in topological order.
 */
export function selectEntries(entries: readonly TocEntry[], filter: Filter): Map<number, string> {
  const selection = new Selection(entries, filter)
  selection.run()
  return selection.leftOut()
}

/** What the patterns name and do not exclude, but cannot come, because it needs something that is excluded. */
export function chosenInVain(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  filter: Filter,
): readonly TocEntry[] {
  return entries.filter(
    ({ id, kind, schema, tag }) =>
      relationKinds.has(kind) &&
      // One that needs a table is its column's: it goes the table's way.
      kind !== 'SEQUENCE' &&
      schema !== null &&
      leftOut.get(id)?.endsWith(NEEDED_IS_EXCLUDED) === true &&
      filter.includes(schema, tag) &&
      !filter.excludes(schema, tag),
  )
}

const NEEDED_IS_EXCLUDED = ', which is excluded'

class Selection {
  private readonly byId: ReadonlyMap<number, TocEntry>
  private readonly subjects: ReadonlyMap<number, readonly number[] | null>
  private readonly chosen = new Set<number>()
  /** Excluded, or in need of something excluded. */
  private readonly impossible = new Map<number, string>()
  private readonly reasons = new Map<number, string>()
  private readonly entries: readonly TocEntry[]
  private readonly filter: Filter

  constructor(entries: readonly TocEntry[], filter: Filter) {
    this.entries = entries
    this.filter = filter
    this.byId = new Map(entries.map((entry) => [entry.id, entry]))
    this.subjects = new Map(entries.map((entry) => [entry.id, subjectOf(entry, this.byId)]))
  }

  run(): void {
    this.findImpossible()
    for (const entry of this.entries) if (this.isRoot(entry)) this.choose(entry)
    // What belongs to something chosen may need a function, which has privileges and comments of its own, and so on.
    for (let before = -1; before !== this.chosen.size; ) {
      before = this.chosen.size
      for (const entry of this.entries) {
        if (!this.chosen.has(entry.id)) this.chooseWithSubject(entry)
      }
    }
  }

  leftOut(): Map<number, string> {
    const left = this.entries.filter(({ id }) => !this.chosen.has(id))
    return new Map(
      left.map(({ id }) => [
        id,
        this.impossible.get(id) ?? this.reasons.get(id) ?? 'the task’s patterns do not select it',
      ]),
    )
  }

  private findImpossible(): void {
    for (const entry of this.entries) {
      if (this.isExcluded(entry)) {
        this.impossible.set(entry.id, 'the task excludes it')
        continue
      }
      const missing = entry.dependencies
        .map((id) => this.byId.get(id))
        .find((needed) => needed && this.impossible.has(needed.id))
      if (missing) this.impossible.set(entry.id, `it needs ${describe(missing)}${NEEDED_IS_EXCLUDED}`)
    }
  }

  private isExcluded(entry: TocEntry): boolean {
    if (!relationKinds.has(entry.kind) || entry.schema === null) return false
    const [subject] = this.subjects.get(entry.id) ?? []
    // The sequence of a column goes the way of its table, whatever its own name is.
    return subject === undefined && this.filter.excludes(entry.schema, entry.tag)
  }

  private isRoot(entry: TocEntry): boolean {
    const { kind, schema, tag } = entry
    if (this.impossible.has(entry.id)) return false
    // An operator class of an extension is no dependency in the archive: all extensions come.
    if (kind === 'EXTENSION') return true
    if (kind === 'SCHEMA') return this.filter.includesSchema(tag) && !this.filter.excludesSchema(tag)
    if (this.subjects.get(entry.id)) return false
    if (schema === null) return this.filter.everything
    if (relationKinds.has(kind)) return this.filter.includes(schema, tag)
    return this.filter.includesSchema(schema) && !this.filter.excludesSchema(schema)
  }

  private choose(entry: TocEntry): void {
    const open = [entry]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (this.chosen.has(next.id) || this.impossible.has(next.id)) continue
      this.chosen.add(next.id)
      for (const id of next.dependencies) {
        const needed = this.byId.get(id)
        if (needed) open.push(needed)
      }
    }
  }

  private chooseWithSubject(entry: TocEntry): void {
    const subject = this.subjects.get(entry.id)
    if (!subject || this.impossible.has(entry.id)) return
    if (entry.kind === 'TABLE ATTACH' && this.choosePartition(entry)) return
    const known = subject.filter((id) => this.byId.has(id))
    if (known.length === 0 || !known.every((id) => this.chosen.has(id))) return
    const missing = this.missingRelation(entry)
    if (missing) this.reasons.set(entry.id, `it refers to ${describe(missing)}, which is not selected`)
    else this.choose(entry)
  }

  /** A partitioned table that a pattern names comes with its partitions. */
  private choosePartition(attach: TocEntry): boolean {
    const tables = attach.dependencies.map((id) => this.byId.get(id)).filter((needed) => needed !== undefined)
    const parent = tables.find((table) => table.tag !== attach.tag || table.schema !== attach.schema)
    if (!parent || !this.chosen.has(parent.id) || !this.isNamed(parent)) return false
    for (const table of tables) this.choose(table)
    this.choose(attach)
    return true
  }

  /** Named by a pattern, itself or through the partitioned table above it. */
  private isNamed(table: TocEntry): boolean {
    if (table.schema !== null && this.filter.includes(table.schema, table.tag)) return true
    return table.dependencies
      .map((id) => this.byId.get(id))
      .some((above) => above?.kind === 'TABLE' && above.relationKind === 'p' && this.isNamed(above))
  }

  /** A table or view that would be drawn in although only something beside a chosen one refers to it. */
  private missingRelation(entry: TocEntry): TocEntry | undefined {
    if (entry.kind === 'DEFAULT' || entry.kind === 'SEQUENCE' || entry.tag.endsWith(' _RETURN')) return undefined
    return entry.dependencies
      .map((id) => this.byId.get(id))
      .find(
        (needed) =>
          needed !== undefined &&
          relationKinds.has(needed.kind) &&
          needed.kind !== 'SEQUENCE' &&
          !this.chosen.has(needed.id),
      )
  }
}

export function describe(entry: Pick<TocEntry, 'kind' | 'schema' | 'tag'>): string {
  return `${entry.kind.toLowerCase()} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.tag}`
}
