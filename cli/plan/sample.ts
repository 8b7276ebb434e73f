import { isLargeObjects, type Relation } from '../../lambdas/core/ledger/relation.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { quoteIdentifier } from '../../lambdas/core/postgres/identifiers.ts'
import type { RowRange } from '../../lambdas/core/rows/range.ts'
import { tableOf } from '../../lambdas/core/rows/select.ts'

/** One sample: about so much of a table's file. */
const SAMPLE_BYTES = 4_000_000
/** All samples of a database: 48 MB. */
const MOST = 12
/** Of a table that cannot be read by pages nothing but the whole is read, up to this. */
const WHOLE_BYTES = 2 * SAMPLE_BYTES

/** Some pages of a table. */
export interface Sample {
  readonly relation: Relation
  readonly range: RowRange
  /** Of the source's file, as sizes of chunks are. */
  readonly bytes: number
}

/**
 * What is read of the source to be measured: parts of its tables, spread evenly over all of its bytes, so that a large table is looked at
 * at several places and a thousand small ones are represented. Empty where there is nothing that can be read in part.
 */
export function chooseSamples(relations: readonly Relation[]): readonly Sample[] {
  const readable = relations.filter((relation) => relation.bytes > 0 && relation.pages > 0 && isReadable(relation))
  const total = readable.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total === 0) return []
  const count = Math.min(MOST, Math.max(1, Math.round(total / SAMPLE_BYTES)))
  const samples = new Map<string, Sample>()
  let before = 0
  let next = 0
  for (const relation of readable) {
    for (; next < count && ((next + 0.5) / count) * total < before + relation.bytes; next += 1) {
      const sample = sampleAt(relation, (((next + 0.5) / count) * total - before) / relation.bytes)
      samples.set(`${relation.oid} ${sample.range.lower}`, sample)
    }
    before += relation.bytes
  }
  return [...samples.values()]
}

/** A partitioned table that travels through its root has no pages of its own, large objects have no table. */
function isReadable(relation: Relation): boolean {
  if (isLargeObjects(relation) || relation.source.columns.length === 0) return false
  return !relation.source.tree || relation.bytes <= WHOLE_BYTES
}

/** @param place in the table, 0 to 1 */
function sampleAt(relation: Relation, place: number): Sample {
  const { bytes, pages, source } = relation
  const whole = { kind: 'whole', lower: null, upper: null, keyColumn: null } as const
  if (source.tree || bytes <= WHOLE_BYTES) return { relation, range: whole, bytes }
  const wanted = Math.max(1, Math.round(SAMPLE_BYTES / (bytes / pages)))
  const first = Math.max(0, Math.min(pages - wanted, Math.floor(pages * place - wanted / 2)))
  const range = { kind: 'tid', lower: String(first), upper: String(first + wanted), keyColumn: null } as const
  return { relation, range, bytes: (bytes * wanted) / pages }
}

/** A sample as it travels: into a table of its own, in the ledger’s schema, that a transaction makes and takes back. */
export interface SampleTable {
  readonly relation: Relation
  readonly create: string
  readonly index: string
}

/**
 * The table that a sample goes into. A type that the destination does not have yet travels and stands as text.
 * @param known which of the relation’s types the destination has
 */
export function sampleTable({ relation }: Sample, number: number, known: ReadonlySet<string>): SampleTable {
  const { destination, types } = relation
  const at = { ...destination, schema: 'sampan', name: `plan_sample_${number}`, where: null, tree: false }
  const columns = destination.columns.map((name, index) => {
    const type = types[index] ?? 'text'
    return `${quoteIdentifier(name)} ${known.has(type) ? type : 'text'}`
  })
  const first = quoteIdentifier(destination.columns[0] ?? '')
  return {
    relation: {
      ...relation,
      destination: at,
      format: types.every((type) => known.has(type)) ? relation.format : 'text',
    },
    create: `CREATE TABLE ${tableOf(at)} (${columns.join(', ')})`,
    index: `CREATE INDEX ON ${tableOf(at)} (${first})`,
  }
}

/** Which types the destination has by these names. */
export async function readKnownTypes(destination: Session, samples: readonly Sample[]): Promise<ReadonlySet<string>> {
  const names = [...new Set(samples.flatMap(({ relation }) => relation.types))]
  const rows = await destination.rows<{ name: string }>(
    `SELECT t AS name FROM pg_catalog.unnest($1::text[]) AS t WHERE pg_catalog.to_regtype(t) IS NOT NULL`,
    [names],
  )
  return new Set(rows.map(({ name }) => name))
}
