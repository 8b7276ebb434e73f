/** A table to be copied, by what it costs the destination's processor, in seconds. */
export interface ModelTable {
  readonly chunks: number
  readonly copyOfChunk: number
  readonly indexes: readonly number[]
  readonly analyze: number
}

/** In what order a run takes up its work. */
export interface Policy {
  /** `bytes`: the largest chunk first; those of one table are alike. `tail`: first the table that has most to come behind its rows. */
  readonly copy: 'bytes' | 'tail'
  /** `end`: a stage behind all others. `rows`: a table by itself, as soon as its rows are there. */
  readonly analyze: 'end' | 'rows'
  /** Whether an index may be built by as many processes as there are cores that nobody else uses. */
  readonly parallelIndexes: boolean
}

export interface Machine {
  /** Of the destination. */
  readonly cores: number
  /** As many for copies as for what comes behind them. */
  readonly lanes: number
}

/** One piece of work; what waits for it, it counts down. */
interface Work {
  readonly kind: 'copy' | 'index' | 'analyze'
  readonly table: number
  readonly cost: number
  left: number
}

/** Of an index so much can be done by several processes at once; the rest (writing it) is one's. */
const PARALLEL_PART = 0.6

/**
 * Seconds until all rows are there, all indexes are built and all tables analyzed, where only the destination's processors are waited for:
 * what is under way shares them evenly, and none has more than one.
 */
export function modelSeconds(tables: readonly ModelTable[], policy: Policy, { cores, lanes }: Machine): number {
  const copies = tables.flatMap(({ chunks, copyOfChunk }, table) =>
    Array.from({ length: chunks }, (): Work => ({ kind: 'copy', table, cost: copyOfChunk, left: copyOfChunk })),
  )
  const tail = (table: number) => (tables[table]?.indexes ?? []).reduce((sum, cost) => sum + cost, 0)
  copies.sort((a, b) =>
    policy.copy === 'tail' ? tail(b.table) - tail(a.table) || a.table - b.table : b.cost - a.cost || a.table - b.table,
  )
  const open = tables.map(({ chunks }) => chunks)
  const behind: Work[] = []
  const atEnd: Work[] = []
  let active: Work[] = []
  let seconds = 0
  const queued: Work[] = [...copies]
  const release = (table: number) => {
    const { indexes = [], analyze = 0 } = tables[table] ?? {}
    for (const cost of indexes) behind.push({ kind: 'index', table, cost, left: cost })
    const last: Work = { kind: 'analyze', table, cost: analyze, left: analyze }
    if (policy.analyze === 'rows') behind.push(last)
    else atEnd.push(last)
    behind.sort((a, b) => b.cost - a.cost)
  }
  const busy = (copying: boolean) => active.filter(({ kind }) => (kind === 'copy') === copying).length
  for (;;) {
    while (queued.length > 0 && busy(true) < lanes) active.push(queued.shift() as Work)
    while (behind.length > 0 && busy(false) < lanes) active.push(behind.shift() as Work)
    if (active.length === 0 && atEnd.length > 0) {
      behind.push(...atEnd.splice(0))
      continue
    }
    if (active.length === 0) return seconds
    const speeds = speedsOf(active, cores, policy.parallelIndexes)
    const step = Math.min(...active.map(({ left }, at) => left / (speeds[at] ?? 1)))
    seconds += step
    active.forEach((work, at) => {
      work.left -= step * (speeds[at] ?? 1)
    })
    const done = active.filter(({ left }) => left <= 1e-9)
    active = active.filter(({ left }) => left > 1e-9)
    for (const { kind, table } of done) {
      if (kind !== 'copy') continue
      open[table] = (open[table] ?? 0) - 1
      if (open[table] === 0) release(table)
    }
  }
}

/** Amdahl's law for the indexes, where cores are left over. */
function speedsOf(active: readonly Work[], cores: number, parallel: boolean): number[] {
  const share = Math.min(1, cores / active.length)
  const indexes = active.filter(({ kind }) => kind === 'index').length
  const spare = Math.max(0, cores - active.length)
  return active.map(({ kind }) => {
    if (!parallel || kind !== 'index' || spare === 0) return share
    const processes = 1 + spare / indexes
    return 1 / (1 - PARALLEL_PART + PARALLEL_PART / processes)
  })
}
