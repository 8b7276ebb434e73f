import { DatabaseError } from '../../lambdas/core/postgres/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { laneNumbers } from '../../lambdas/core/task/lanes.ts'
import { both } from '../../lambdas/stages/validate/drill-down/drill-down.ts'
import type { ReadItem } from './document.ts'
import { type Ends, withEnds } from './ends.ts'
import type { Work } from './prepare.ts'
import { type Item, isReadByPages, readByPages, readTogether, type Sum } from './read-ranges.ts'
import type { Tools } from './tools.ts'

/** Ranges that go together in one statement hold locks on so many tables until it ends. */
const TOGETHER = 100
const MOST_READERS = 4

/** What was read of a range, or why it was not. */
type Told = Sum & { readonly why?: string }

/** Reads all ranges that were not read yet, by several pairs of sessions. */
export async function readAll(event: StepEvent, work: Work, tools: Tools): Promise<ReadonlyMap<string, ReadItem>> {
  const { progress, pacing, signal } = tools
  const database = event.database?.name ?? ''
  const queue = work.tables.flatMap(({ items }) => items).filter((item) => progress.itemOf(database, item) === null)
  const readers = Math.min(MOST_READERS, laneNumbers(event.task).first, queue.length)
  const stopping = new AbortController()
  const own = { ...tools, signal: AbortSignal.any([signal, stopping.signal]) }
  const ended = await Promise.allSettled(
    Array.from({ length: readers }, async () => {
      try {
        while (queue.length > 0) {
          await pacing.wait(pacing.closedFor)
          await withEnds(event, own, (ends) => readQueue(ends, queue, work, own, database))
        }
      } catch (thrown) {
        // The others end what they read, and begin nothing more.
        queue.length = 0
        throw thrown
      }
    }),
  )
  const failure = ended.find(({ status }) => status === 'rejected')
  if (failure?.status === 'rejected') throw failure.reason
  return progress.itemsOf(database)
}

/** Until nothing is left, or the hours are over. */
async function readQueue(ends: Ends, queue: Item[], work: Work, tools: Tools, database: string): Promise<void> {
  const { pacing, progress } = tools
  while (queue.length > 0 && pacing.closedFor === 0) {
    const items = take(queue, work.rangeBytes)
    const [first] = items
    if (first === undefined) return
    const paged =
      items.length === 1 &&
      isReadByPages(first, work.rangeBytes, ends.source) &&
      isReadByPages(first, work.rangeBytes, ends.destination)
    const sums: readonly (readonly Told[])[] = await both(ends, async (session): Promise<readonly Told[]> => {
      // The limits are those of reading the source.
      const limited = session.side === 'source' ? pacing : null
      return paged
        ? [await readByPages(session, first, { ...work.reading, rangeBytes: work.rangeBytes, pacing: limited })]
        : readTogether(session, items, work.reading)
    }).catch((thrown: unknown) => oneByOne(ends, items, work, thrown))
    const results = items.map(({ relation, number }, at): ReadItem => {
      const [left, right] = [sums[0]?.[at], sums[1]?.[at]]
      const [rows, others] = [left?.rows ?? '0', right?.rows ?? '0']
      const differs = rows !== others || (work.reading.digests && left?.digest !== right?.digest)
      return {
        ...{ database, oid: relation.oid, number, sourceRows: rows, destinationRows: others, differs },
        why: left?.why ?? null,
      }
    })
    await progress.read(results, items)
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0)
    const rows = results.reduce((sum, { sourceRows }) => sum + Number(sourceRows), 0)
    if (!paged) await pacing.passed({ rows, bytes, queries: items.length })
  }
}

/** What the server refuses of several tables is told of the one that it is about. */
async function oneByOne(ends: Ends, items: readonly Item[], work: Work, thrown: unknown): Promise<readonly Told[][]> {
  if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
  const sums: Told[][] = [[], []]
  for (const item of items) {
    const pair = await both(ends, (session) => readTogether(session, [item], work.reading)).catch(
      (refused: unknown) => {
        if (!(refused instanceof DatabaseError) || refused.kind === 'connection') throw refused
        const unread = { rows: '0', digest: null, why: `${refused.code}: ${refused.message}` }
        return [[unread], [unread]] as const
      },
    )
    for (const [side, read] of pair.entries()) sums[side]?.push(...read)
  }
  return sums
}

/** The next ranges that are read together: small ones share a round trip, as long as they are of no more bytes than one range. */
function take(queue: Item[], rangeBytes: number): Item[] {
  const items: Item[] = []
  let bytes = 0
  for (let next = queue[0]; next !== undefined; next = queue[0]) {
    if (items.length > 0 && (items.length >= TOGETHER || bytes + next.bytes > rangeBytes)) break
    items.push(next)
    bytes += next.bytes
    queue.shift()
  }
  return items
}
