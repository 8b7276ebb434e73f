import type { Relation } from '../../core/ledger/relation.ts'
import type { StreamedTable } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { quoteQualified } from '../../core/postgres/identifiers.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { ColumnThere, TableThere } from './statements.ts'

interface Found {
  readonly place: number
  readonly columns: readonly ColumnThere[]
  /** Those of every unique index of columns, with its own `=`. */
  readonly keys: readonly (readonly { readonly name: string; readonly equals: string }[])[] | null
}

/**
 * Arrays of texts become arrays of a type by its input function, which is exact. Not so where the element is an array itself, also below
 * a domain, whose arrays would be flattened, where it is a row, of which unnest makes as many columns as it has, and where arrays are not
 * separated by commas.
 */
const ARRAY = `CASE WHEN t.typarray <> 0 AND t.typdelim = ',' AND t.typcategory <> 'A' AND t.typtype NOT IN ('c', 'd')
                    THEN pg_catalog.format_type(t.typarray, -1) END`

const keysSql = (version: number) => `
  SELECT pg_catalog.jsonb_agg((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname,
           'equals', pg_catalog.format('OPERATOR(%I.%s)', s.nspname, p.oprname)) ORDER BY k.place)
    FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.place::integer - 1]
    JOIN pg_catalog.pg_amop m ON m.amopfamily = oc.opcfamily AND m.amopstrategy = 3
                             AND m.amoplefttype = oc.opcintype AND m.amoprighttype = oc.opcintype
    JOIN pg_catalog.pg_operator p ON p.oid = m.amopopr JOIN pg_catalog.pg_namespace s ON s.oid = p.oprnamespace
   WHERE k.place <= i.${version >= 110_000 ? 'indnkeyatts' : 'indnatts'}) ORDER BY i.indisprimary DESC, i.indexrelid)
    FROM pg_catalog.pg_index i
   WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`

/**
 * The tables that changes are applied to, by the source's oid.
 * @throws SampanError FOLLOW_DESTINATION_CHANGED where a table, a column or a key is not there as it was made
 */
export async function readTablesThere(
  destination: Session,
  all: readonly Relation[],
  streamed: readonly StreamedTable[],
): Promise<ReadonlyMap<number, TableThere>> {
  const byOid = new Map(streamed.map((table) => [table.oid, table]))
  // Nor is what could not be made followed: but for what was there, and is published.
  const relations = all.filter(({ oid, absent }) => !absent || byOid.has(oid))
  const names = relations.map(({ destination: there }) => ({ schema: there.schema, name: there.name }))
  const rows = await destination.rows<Found>(
    `SELECT w.place::integer AS place,
            (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, -1),
                      'array', ${ARRAY}, 'always', a.attidentity = 'a'))
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
            (${keysSql(destination.serverVersion)}) AS keys
       FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w(wanted, place)
       JOIN pg_catalog.pg_namespace n ON n.nspname = w.wanted ->> 'schema'
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.wanted ->> 'name' AND c.relkind = 'r'`,
    [JSON.stringify(names)],
  )
  const found = new Map(rows.map((row) => [row.place, row]))
  const tables = relations.map((relation, index) => {
    const table = byOid.get(relation.oid)
    const there = found.get(index + 1)
    const title = `${relation.source.schema}.${relation.source.name}`
    if (table === undefined) throw notStreamed(title)
    if (there === undefined) throw changed(title, 'it is not there')
    return tableThere(title, relation, table, there)
  })
  return new Map(tables.map((table) => [table.oid, table]))
}

function tableThere(title: string, relation: Relation, table: StreamedTable, there: Found): TableThere {
  const called = (name: string) => relation.destination.columns[relation.source.columns.indexOf(name)]
  const columns = table.columns.map(({ name }) => {
    const column = there.columns.find((one) => one.name === called(name))
    if (column === undefined) throw changed(title, `its column ${name} is not there`)
    return column
  })
  const places = table.key?.map((name) => table.columns.findIndex((column) => column.name === name)) ?? []
  const wanted = JSON.stringify(table.key?.map((name) => called(name)))
  const key =
    table.key === null ? [] : there.keys?.find((one) => JSON.stringify(one.map(({ name }) => name)) === wanted)
  if (key === undefined) throw changed(title, 'its key is not there, or another one')
  return {
    oid: table.oid,
    title,
    name: quoteQualified(relation.destination.schema, relation.destination.name),
    columns,
    key: key.map(({ equals }, index) => ({ place: places[index] ?? 0, equals })),
  }
}

function changed(title: string, what: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_DESTINATION_CHANGED',
    message: `${title}: ${what} on the destination`,
    remedy:
      'leave the destination alone while the source is followed; make it there again as it was: it is tried again while the retry window is open',
    retryable: true,
  })
}

function notStreamed(title: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_TABLE_NOT_STREAMED',
    message: `${title} was created while the run began, and its changes are not in the stream`,
    remedy: 'empty the destination database and begin a new run, while nothing is created on the source',
  })
}
