import { isLargeObjects, type Relation } from '../../lambdas/core/ledger/relation.ts'
import { HASH_ARRAYS } from '../../lambdas/core/postgres/hash-bytes.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { openEnds } from './ends.ts'
import type { Item, Reading } from './read-ranges.ts'
import { rangesOf, readScope, readStanding, type Scope, type Standing } from './scope.ts'
import type { Tools } from './tools.ts'

const MEGABYTE = 1_048_576
/** A range is a quarter of what a run copies at once, and what the rate allows in two seconds. */
const RANGES_PER_CHUNK = 4
const RATE_SECONDS = 2

/** A table of the scope, with how it stands on the destination and the ranges it is read in. */
export interface Table {
  readonly relation: Relation
  readonly standing: Standing
  readonly items: readonly Item[]
}

export interface Work {
  readonly scope: Scope
  readonly tables: readonly Table[]
  readonly reading: Reading
  readonly rangeBytes: number
  readonly sameMajor: boolean
}

/** Plans what is read. */
export async function prepare(event: StepEvent, tools: Tools): Promise<Work> {
  const { task } = event
  const megabytes = task.throttle.megabytesPerSecond
  const most = (task.chunkMegabytes * MEGABYTE) / RANGES_PER_CHUNK
  const rangeBytes = Math.max(
    MEGABYTE,
    megabytes === null ? most : Math.min(most, megabytes * 1_000_000 * RATE_SECONDS),
  )
  const ends = await openEnds(event, tools, { default_transaction_read_only: 'on' })
  try {
    const scope = await readScope(event, tools.environment, ends, tools.question, tools.signal)
    const standing = await readStanding(ends.destination, scope.relations)
    const places = scope.relations.map((relation, at) => ({ relation, standing: standing[at] ?? ABSENT }))
    const readable = places.filter((place) => whyNot(place) === null)
    const cuts = new Map(tools.progress.cutsOf(event.database?.name ?? ''))
    const missing = readable.filter(({ relation }) => !cuts.has(relation.oid))
    for (const [oid, ranges] of await rangesOf(ends.source, missing, rangeBytes)) cuts.set(oid, ranges)
    const tables = places.map((place) => {
      const ranges = readable.includes(place) ? (cuts.get(place.relation.oid) ?? []) : []
      const bytes = place.relation.bytes / Math.max(1, ranges.length)
      return { ...place, items: ranges.map((range, number) => ({ relation: place.relation, number, range, bytes })) }
    })
    const versions = [ends.source.serverVersion, ends.destination.serverVersion] as const
    return {
      ...{ scope, tables, rangeBytes },
      reading: {
        digests: tools.question.mode === 'full',
        modernDigest: Math.min(...versions) >= HASH_ARRAYS,
        searchPath: scope.searchPath,
      },
      sameMajor: Math.floor(versions[0] / 10_000) === Math.floor(versions[1] / 10_000),
    }
  } finally {
    await ends.close()
  }
}

const ABSENT: Standing = { columns: null, key: [], readable: false }

/** Why a table cannot be read on the destination; `null` where it can. */
export function whyNot({ relation, standing }: Pick<Table, 'relation' | 'standing'>): string | null {
  if (isLargeObjects(relation)) return null
  if (standing.columns === null) return 'it is not on the destination'
  if (!standing.readable) return 'the destination’s account may not read it'
  const lacking = relation.destination.columns.filter((name) => !standing.columns?.includes(name))
  return lacking.length === 0 ? null : `the destination’s table has no column ${lacking.join(', ')}`
}
