import { isLargeObjects } from '../../lambdas/core/ledger/relation.ts'
import type { DatabaseIdentity, StepEvent } from '../../lambdas/core/runtime/event.ts'
import type { ComparedDatabase, ComparedTable, ReadItem } from './document.ts'
import { type Ends, openEnds, withEnds } from './ends.ts'
import { type DifferentObject, differentObjects } from './large-objects.ts'
import { type Looked, lookTwice } from './look.ts'
import { prepare, type Table, type Work } from './prepare.ts'
import { itemKey } from './progress.ts'
import type { Item } from './read-ranges.ts'
import { readAll } from './readers.ts'
import type { Differing } from './repair/repair-database.ts'
import { compareSequences } from './sequences.ts'
import { compareStructure, RENAMED } from './structure.ts'
import { surplusPartitions } from './surplus-partitions.ts'
import { tableResult } from './table-result.ts'
import type { Tools } from './tools.ts'

/** A database that was compared, and what is at hand to repair it. */
export interface ComparedWork {
  readonly compared: ComparedDatabase
  readonly work: Work
  readonly differing: readonly Differing[]
}

/** Compares one database. @throws SampanError what the servers answer: what was read until then is in the progress */
export async function compareDatabase(
  given: StepEvent,
  database: DatabaseIdentity,
  tools: Tools,
): Promise<ComparedWork> {
  const event = { ...given, database }
  const { question, progress } = tools
  const work = await prepare(event, tools)
  progress.plan(database.name, work.tables)
  const read = await readAll(event, work, tools)
  const tables: ComparedTable[] = []
  const objects: DifferentObject[] = []
  const repairable: Differing[] = []
  const ends = await openEnds(event, tools)
  try {
    const different = work.tables.map((table) => ({ table, items: differing(table, read) }))
    const looked = await lookInto(ends, different, work, tools)
    for (const { table, items } of different) {
      if (isLargeObjects(table.relation)) {
        for (const item of items) {
          await tools.pacing.wait(tools.pacing.closedFor)
          objects.push(...(await differentObjects(ends, item, work.reading.modernDigest)))
          await tools.pacing.passed({ rows: 0, bytes: item.bytes, queries: 1 })
        }
      } else {
        const result = tableResult(table, read, looked, question)
        tables.push(result)
        if (result.state === 'differs') repairable.push({ relation: table.relation, items })
      }
    }
    tables.push(...(await surplusPartitions(ends.destination, work.scope, tools)))
  } finally {
    await ends.close()
  }
  const whole = question.tables.length === 0
  const structure = whole
    ? await compareStructure(event, tools.environment, work.scope, tools.signal, work.sameMajor)
    : null
  const sequences = whole ? await withEnds(event, tools, (pair) => compareSequences(pair, work.scope)) : null
  const large = work.tables.find(({ relation }) => isLargeObjects(relation))
  const why = large?.items.map((item) => read.get(itemKey(item))?.why ?? null).find((one) => one !== null) ?? null
  const state = why === null && isEqual(tables, structure, sequences, objects) ? 'equal' : 'differs'
  const compared: ComparedDatabase = {
    ...{ database: database.name, as: database.as, state, tables, repaired: null },
    structure: structure === null ? null : { ...structure, objects: [...structure.objects] },
    sequences,
    largeObjects: large === undefined ? null : { why, compared: large.items.length, different: objects },
  }
  return { compared, work, differing: repairable }
}

function isEqual(
  tables: readonly ComparedTable[],
  structure: Awaited<ReturnType<typeof compareStructure>> | null,
  sequences: ComparedDatabase['sequences'],
  objects: readonly DifferentObject[],
): boolean {
  return (
    tables.every(({ state }) => state === 'equal') &&
    (structure?.objects.every(({ what }) => what === 'unclear') ?? true) &&
    [null, RENAMED].includes(structure?.why ?? null) &&
    (sequences?.different.length ?? 0) === 0 &&
    objects.length === 0
  )
}

function differing({ items }: Table, read: ReadonlyMap<string, ReadItem>): readonly Item[] {
  return items.filter((item) => {
    const found = read.get(itemKey(item))
    return found?.differs === true && found.why === null
  })
}

/** What the looks found, by item. */
async function lookInto(
  ends: Ends,
  different: readonly { readonly table: Table; readonly items: readonly Item[] }[],
  work: Work,
  tools: Tools,
): Promise<ReadonlyMap<Item, Looked>> {
  const items = different.flatMap(({ table, items: all }) => (isLargeObjects(table.relation) ? [] : all))
  const sized = items.map((item) => ({ ...item, rows: Math.max(1, item.bytes / BYTES_PER_ROW) }))
  const looked = await lookTwice(ends, sized, work.reading.searchPath, tools)
  return new Map(items.flatMap((item, at) => (looked[at] === undefined ? [] : [[item, looked[at]] as const])))
}

/** Few enough that a table of small rows has enough buckets. */
const BYTES_PER_ROW = 32
