import { dataKinds, relationKinds, type Selectable, viewBodies } from './selectable.ts'
import { subjectOf } from './subject.ts'

/** The patterns of one database of the task, with the questions that selecting asks. */
export interface Filter<Entry extends Selectable = Selectable> {
  /** `*.*` is among the included: what lies outside of schemas comes too. */
  readonly everything: boolean
  includes(schema: string, name: string): boolean
  excludes(schema: string, name: string): boolean
  includesSchema(schema: string): boolean
  excludesSchema(schema: string): boolean
  /** Named by its kind among the excluded. */
  excludesObject(entry: Entry): boolean
}

export interface Selected<Entry extends Selectable> {
  /** By id, each with the reason; all others are chosen. */
  readonly leftOut: ReadonlyMap<number, string>
  /** Named by the patterns, or upon a table that comes; not excluded, but in need of something that is. */
  readonly inVain: readonly { readonly entry: Entry; readonly excluded: Entry }[]
  /** Tables, views and sequences that no pattern names, chosen because something that is named needs them. */
  readonly along: readonly Entry[]
}

/**
 * What a selection brings along, for the plan (of the archive's entries) and for the precheck (of the catalogue's): roots are what
 * the patterns name, then everything they need, then what belongs to them (indexes, constraints, triggers, comments, privileges).
 * The chosen are closed under dependencies. Pure.
 */
export function select<Entry extends Selectable>(entries: readonly Entry[], filter: Filter<Entry>): Selected<Entry> {
  const selection = new Selection(entries, filter)
  selection.run()
  return { leftOut: selection.leftOut(), inVain: selection.inVain(), along: selection.along() }
}

/** A foreign key has a check of its own. */
const uponTables: ReadonlySet<string> = new Set([
  'CHECK CONSTRAINT',
  'CONSTRAINT',
  'INDEX',
  'STATISTICS',
  'TRIGGER',
  'RULE',
  'POLICY',
])

class Selection<Entry extends Selectable> {
  private readonly byId: ReadonlyMap<number, Entry>
  private readonly subjects: ReadonlyMap<number, readonly number[] | null>
  private readonly chosen = new Set<number>()
  /** Excluded, or in need of something excluded. */
  private readonly impossible = new Map<number, string>()
  /** What each of those needs. */
  private readonly causes = new Map<number, Entry>()
  private readonly bodies: ReadonlyMap<number, number>
  private readonly reasons = new Map<number, string>()
  private readonly entries: readonly Entry[]
  private readonly filter: Filter<Entry>

  constructor(entries: readonly Entry[], filter: Filter<Entry>) {
    this.entries = entries
    this.filter = filter
    this.byId = new Map(entries.map((entry) => [entry.id, entry]))
    this.bodies = viewBodies(entries)
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

  inVain(): Selected<Entry>['inVain'] {
    return this.entries.flatMap((entry) => {
      let excluded = this.causes.get(entry.id)
      if (excluded === undefined || !this.isAskedFor(entry)) return []
      let next: Entry | undefined = excluded
      while (next !== undefined) {
        excluded = next
        next = this.causes.get(next.id)
      }
      return [{ entry, excluded }]
    })
  }

  along(): readonly Entry[] {
    return this.entries.filter(
      (entry) =>
        this.chosen.has(entry.id) &&
        relationKinds.has(entry.kind) &&
        entry.schema !== null &&
        // The sequence of a column is no object of its own to anybody.
        !this.subjects.get(entry.id) &&
        !this.isNamed(entry),
    )
  }

  /** A relation that the patterns name, or what lies upon a chosen one. */
  private isAskedFor({ id, kind, schema, tag }: Entry): boolean {
    if (uponTables.has(kind)) {
      const subject = this.subjects.get(id) ?? []
      return subject.length > 0 && subject.every((table) => this.chosen.has(table))
    }
    // The sequence of a column goes its table's way.
    return relationKinds.has(kind) && kind !== 'SEQUENCE' && schema !== null && this.filter.includes(schema, tag)
  }

  private findImpossible(): void {
    for (const entry of this.entries) if (this.isExcluded(entry)) this.impossible.set(entry.id, 'the task excludes it')
    // What the body of a view needs may stand behind the view: once is not enough.
    for (let before = -1; before !== this.impossible.size; ) {
      before = this.impossible.size
      for (const entry of this.entries) {
        if (this.impossible.has(entry.id)) continue
        const missing = this.needs(entry).find((needed) => this.impossible.has(needed.id))
        if (missing === undefined) continue
        this.impossible.set(entry.id, `it needs ${describe(missing)}, which is excluded`)
        this.causes.set(entry.id, missing)
      }
    }
  }

  /** A view without its body would be there, and show NULLs: it needs what that needs. */
  private needs(entry: Entry): readonly Entry[] {
    const body = this.byId.get(this.bodies.get(entry.id) ?? -1)
    return [...entry.dependencies, ...(body?.dependencies ?? [])]
      .map((id) => this.byId.get(id))
      .filter((needed) => needed !== undefined && needed.id !== entry.id) as readonly Entry[]
  }

  private isExcluded(entry: Entry): boolean {
    if (this.filter.excludesObject(entry)) return true
    if (dataKinds.has(entry.kind)) return this.filter.excludes(entry.schema ?? '', entry.tag)
    if (!relationKinds.has(entry.kind) || entry.schema === null) return false
    const [subject] = this.subjects.get(entry.id) ?? []
    // The sequence of a column goes the way of its table, whatever its own name is.
    return subject === undefined && this.filter.excludes(entry.schema, entry.tag)
  }

  private isRoot(entry: Entry): boolean {
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

  private choose(entry: Entry): void {
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

  private chooseWithSubject(entry: Entry): void {
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
  private choosePartition(attach: Entry): boolean {
    const tables = attach.dependencies.map((id) => this.byId.get(id)).filter((needed) => needed !== undefined)
    const parent = tables.find((table) => table.tag !== attach.tag || table.schema !== attach.schema)
    if (!parent || !this.chosen.has(parent.id) || !this.isNamed(parent)) return false
    for (const table of tables) this.choose(table)
    this.choose(attach)
    return true
  }

  /** Named by a pattern, itself or through the partitioned table above it. */
  private isNamed(table: Entry): boolean {
    if (table.schema !== null && this.filter.includes(table.schema, table.tag)) return true
    return table.dependencies
      .map((id) => this.byId.get(id))
      .some((above) => above?.kind === 'TABLE' && above.relationKind === 'p' && this.isNamed(above))
  }

  /** A table or view that would be drawn in although only something beside a chosen one refers to it. */
  private missingRelation(entry: Entry): Entry | undefined {
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

export function describe(entry: Pick<Selectable, 'kind' | 'schema' | 'tag'>): string {
  return `${entry.kind.toLowerCase()} ${entry.schema === null ? '' : `${entry.schema}.`}${entry.tag}`
}
