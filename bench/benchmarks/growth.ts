import { exponent, type Point } from '../growth/exponent.ts'
import { askAmongChunks } from '../growth/ledger-chunks.ts'
import { askAmongTables } from '../growth/ledger-objects.ts'
import { type Database, makeDatabase } from '../stage.ts'
import { markdown } from '../table.ts'
import type { Bench, Benchmark } from './benchmark.ts'

/** The largest at a scale of 1. */
const CHUNKS = [10_000, 100_000, 1_000_000]
const TABLES = [1_000, 5_000, 20_000]

/** What one question to the ledger costs the destination, however much there is to do. */
export const growth: Benchmark = {
  name: 'growth',
  title: 'Growth',
  run: async (
    bench,
  ) => `Milliseconds of the destination's processor for one question to the ledger, by size; the last column is the power of the size by which they grow (0: not at all, 1: as it does). The ledger was just written: nobody has analyzed its tables.

${await sizes(bench, 'chunks', CHUNKS, askAmongChunks)}

${await sizes(bench, 'tables, half of them copied', TABLES, askAmongTables)}`,
}

async function sizes(
  { stage, scale, log }: Bench,
  what: string,
  full: readonly number[],
  ask: (database: Database, size: number) => Promise<ReadonlyMap<string, number>>,
): Promise<string> {
  const points = new Map<string, Point[]>()
  const chosen = full.map((size) => Math.round(size * scale))
  for (const size of chosen) {
    const database = await makeDatabase(stage.destination, 'growth')
    const costs = await ask(database, size)
    for (const [question, cost] of costs) points.set(question, [...(points.get(question) ?? []), { size, cost }])
    log(`  ${size} ${what}`)
  }
  const lines = [...points].map(([question, of]) => [
    question,
    ...of.map(({ cost }) => cost.toFixed(2)),
    exponent(of).toFixed(2),
  ])
  return markdown([what, ...chosen.map((size) => size.toLocaleString('en')), 'exponent'], lines)
}
