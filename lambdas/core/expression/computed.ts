import { type FilterableTable, isNamedBy } from '../filter/filtered.ts'
import type { Flight } from '../filter/parse.ts'
import type { Session } from '../postgres/connect.ts'
import type { SearchPath } from '../postgres/search-path.ts'
import type { ColumnExpression } from '../task/table-options.ts'
import { type ComputableColumn, readColumns, storedValue } from './column.ts'
import { judgeExpression } from './judge.ts'

/** A column whose values the task computes. */
export interface ComputedColumn {
  readonly column: ComputableColumn
  /** As the task writes it. */
  readonly expression: string
  /** The name of `tables` that it stands under. */
  readonly name: string
  /** SQL of the column's type, for whoever reads the source's rows. */
  readonly value: string
}

/** An expression that cannot be, one line. */
export interface RefusedExpression {
  readonly name: string
  readonly column: string
  readonly expression: string
  /** null: of no table in particular. */
  readonly table: FilterableTable | null
  readonly why: string
}

export interface ComputedTables {
  /** By the table's oid, and by the column's name. */
  readonly byTable: ReadonlyMap<number, ReadonlyMap<string, ComputedColumn>>
  /** What can be told without parsing. */
  readonly refused: readonly RefusedExpression[]
  /** Oids of partitioned tables of whose key a column is computed: a row may belong to another partition on the destination. */
  readonly rerouted: readonly number[]
}

export const NOTHING_COMPUTED: ComputedTables = { byTable: new Map(), refused: [], rerouted: [] }

/** Declared partitions came with 10. */
const PARTITIONS_SINCE = 100_000

/**
 * Which columns of which tables the task computes: a table has its own expressions and those of the partitioned tables above it. One that
 * inherits a computed column otherwise has to have one of its own: it would come as it is, where the task seems to say that it does not.
 * @param tables all of the source @param isChosen those that come; of the others nothing is refused
 */
export async function readComputed(
  source: Session,
  expressions: readonly ColumnExpression[],
  tables: readonly FilterableTable[],
  isChosen: (table: FilterableTable) => boolean,
): Promise<ComputedTables> {
  if (expressions.length === 0) return NOTHING_COMPUTED
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const namedBy = (expression: ColumnExpression, { oid, above }: FilterableTable) =>
    [oid, ...above].flatMap((one) => byOid.get(one) ?? []).some((table) => isNamedBy(expression, table))
  const named = tables.filter((table) => expressions.some((expression) => namedBy(expression, table)))
  const names = new Set(named.map(({ oid }) => oid))
  const columns = Map.groupBy(
    await readColumns(
      source,
      [...named, ...tables.filter(({ inherits }) => inherits.some((oid) => names.has(oid)))].map(({ oid }) => oid),
    ),
    ({ relation }) => relation,
  )
  const refused: RefusedExpression[] = []
  const found = named.map((table): [number, ReadonlyMap<string, ComputedColumn>] => {
    const computed = new Map<string, ComputedColumn>()
    for (const { name, column: wanted, expression } of expressions.filter((one) => namedBy(one, table))) {
      const column = columns.get(table.oid)?.find((one) => one.name === wanted)
      if (column === undefined) continue
      const before = computed.get(wanted)
      const why = column.generated
        ? 'the column is generated: the destination computes it from the others'
        : before !== undefined && before.expression !== expression
          ? `"${before.name}" has another expression for the column`
          : null
      if (why === null) computed.set(wanted, { column, expression, name, value: storedValue(expression, column) })
      else if (isChosen(table)) refused.push({ name, column: wanted, expression, table, why })
    }
    return [table.oid, computed]
  })
  const has = ({ oid }: FilterableTable, { column }: ColumnExpression) =>
    columns.get(oid)?.some(({ name }) => name === column) ?? false
  const missing = expressions.filter((one) => {
    const own = tables.filter((table) => isChosen(table) && isNamedBy(one, table))
    // A name of no table that comes is told as that.
    return own.length > 0 && !own.some((table) => has(table, one))
  })
  const byTable = new Map(found.filter(([, computed]) => computed.size > 0))
  return {
    byTable,
    rerouted: await readRerouted(source, byTable),
    refused: [
      ...missing.map(({ name, column, expression }) => {
        return {
          name,
          column,
          expression,
          table: null,
          why: `no table that comes and is named by "${name}" has the column`,
        }
      }),
      ...refused,
      ...bareHeirs(tables.filter(isChosen), { byOid, byTable, columns, refused }),
    ],
  }
}

/** Columns that a table inherits from one where they are computed, and that would come as they are. */
function bareHeirs(
  tables: readonly FilterableTable[],
  {
    byOid,
    byTable,
    columns,
    refused,
  }: Pick<ComputedTables, 'byTable' | 'refused'> & {
    readonly byOid: ReadonlyMap<number, FilterableTable>
    readonly columns: ReadonlyMap<number, readonly ComputableColumn[]>
  },
): readonly RefusedExpression[] {
  return tables.flatMap((table) => {
    const own = byTable.get(table.oid)
    const bare = new Map<string, RefusedExpression>()
    for (const parent of table.inherits.flatMap((oid) => byOid.get(oid) ?? [])) {
      for (const { column, expression, name } of byTable.get(parent.oid)?.values() ?? []) {
        const isTold = refused.some((one) => one.table === table && one.column === column.name)
        if (own?.has(column.name) || bare.has(column.name) || isTold) continue
        const generated = columns.get(table.oid)?.some((one) => one.name === column.name && one.generated)
        const remedy = generated
          ? 'the column is generated here, so exclude the table'
          : `give ${table.schema}.${table.name} one of its own, the column itself where its values may be seen`
        const why = `it is for ${parent.schema}.${parent.name}, and not for what inherits from that; ${remedy}`
        bare.set(column.name, { name, column: column.name, expression, table, why })
      }
    }
    return [...bare.values()]
  })
}

async function readRerouted(source: Session, byTable: ComputedTables['byTable']): Promise<readonly number[]> {
  if (source.serverVersion < PARTITIONS_SINCE) return []
  const rows = await source.rows<{ oid: number; columns: readonly string[] }>(
    `SELECT p.partrelid AS oid, pg_catalog.array_agg(a.attname::text) AS columns
       FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs)
      WHERE p.partrelid = ANY ($1::pg_catalog.oid[]) GROUP BY 1`,
    [[...byTable.keys()]],
  )
  return rows.filter(({ oid, columns }) => columns.some((name) => byTable.get(oid)?.has(name))).map(({ oid }) => oid)
}

/** What a table that travels through its root has otherwise in one of its partitions; null where they are all alike. */
export function computedOtherwise(
  root: number,
  leaves: readonly number[],
  { byTable }: ComputedTables,
): ComputedColumn | null {
  const own = byTable.get(root)
  for (const leaf of leaves) {
    const there = byTable.get(leaf)
    for (const one of there?.values() ?? []) if (own?.get(one.column.name)?.expression !== one.expression) return one
  }
  return null
}

/**
 * Has the server judge every expression, once for a partitioned table and all that is below it.
 * @param source used for nothing else meanwhile, with no transaction open
 */
export async function judgeComputed(
  source: Session,
  { byTable }: ComputedTables,
  chosen: readonly FilterableTable[],
  path: SearchPath,
  flight: Flight = 'one by one',
): Promise<readonly RefusedExpression[]> {
  const judgedAbove = new Set(chosen.map(({ oid }) => oid))
  const refused: RefusedExpression[] = []
  for (const table of chosen) {
    for (const { column, expression, name } of byTable.get(table.oid)?.values() ?? []) {
      const known = table.above.some(
        (oid) => judgedAbove.has(oid) && byTable.get(oid)?.get(column.name)?.expression === expression,
      )
      if (known) continue
      const why = await judgeExpression(source, table, expression, column, path, flight)
      if (why !== null) refused.push({ name, column: column.name, expression, table, why })
    }
  }
  return refused
}
