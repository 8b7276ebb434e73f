import type { Session } from '../postgres/connect.ts'
import { type Conflicts, conflictsOf, meetsTables } from '../task/conflicts.ts'
import { matchesTablePattern } from '../task/pattern.ts'
import { columnExpressions } from '../task/table-options.ts'
import { nameKey, readTables, type StandingTable, type TableName } from './tables.ts'

/** A table that the task chooses, with what its columns are called on the destination. */
export interface ChosenTable extends TableName {
  readonly there: TableName
  /** Columns with another name there, by the source's. */
  readonly columns: ReadonlyMap<string, string>
  /** Columns that stay behind. */
  readonly excluded: readonly string[]
}

/** A chosen table whose name is taken on the destination, where the task says what becomes of that. */
export interface Meeting {
  /** `fill`: the task says that its tables stand there, and are empty. */
  readonly mode: Exclude<Conflicts, 'report'> | 'fill'
  readonly chosen: ChosenTable
  /** Columns of the source whose values the task computes. */
  readonly computed: ReadonlySet<string>
  readonly source: StandingTable
  readonly there: StandingTable
}

/** Whether the table itself stays there: all but what is dropped to be made anew. */
export function stays({ mode }: Pick<Meeting, 'mode'>): boolean {
  return mode !== 'replace'
}

type Task = Parameters<typeof conflictsOf>[0]
type Database = Parameters<typeof conflictsOf>[1] & Parameters<typeof columnExpressions>[0]

/**
 * The chosen tables that meet one on the destination. A partition goes by what is said of itself, else of the partitioned table at the top.
 * @param isOwn made by this very run: nobody else's table
 */
export async function readMeetings(
  { source, destination }: { readonly source: Session; readonly destination: Session },
  { task, database }: { readonly task: Task; readonly database: Database },
  chosen: readonly ChosenTable[],
  isOwn: (there: TableName) => boolean,
): Promise<readonly Meeting[]> {
  if (!meetsTables(task, database)) return []
  const wanted = conflictsOf(task, database)
  const modeOf = ({ schema, name, root }: StandingTable) => {
    const own = wanted(schema, name)
    const mode = own === task.conflicts && root !== null ? wanted(root.schema, root.name) : own
    return mode === 'report' && database.schema === 'existing' ? ('fill' as const) : mode
  }
  const expressions = columnExpressions(database)
  const computedOf = ({ schema, name, root }: StandingTable) => {
    const names = [{ schema, name }, ...(root === null ? [] : [root])]
    const named = expressions.filter(({ pattern }) =>
      names.some((one) => matchesTablePattern(pattern, one.schema, one.name)),
    )
    return new Set(named.map(({ column }) => column))
  }
  const byName = new Map((await readTables(source, chosen)).map((table) => [nameKey(table), table]))
  const asked = chosen.flatMap((one) => {
    const table = byName.get(nameKey(one))
    const mode = table === undefined ? 'report' : modeOf(table)
    return table === undefined || mode === 'report' || isOwn(one.there)
      ? []
      : [{ mode, chosen: one, computed: computedOf(table), source: table }]
  })
  const names = asked.map((one) => one.chosen.there)
  const standing = new Map((await readTables(destination, names)).map((table) => [nameKey(table), table]))
  return asked.flatMap((one) => {
    const there = standing.get(nameKey(one.chosen.there))
    return there === undefined ? [] : [{ ...one, there }]
  })
}
