import { toSampanError } from '../../../core/runtime/errors.ts'
import { type Check, count, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { filteredTables, judgedFilters } from '../facts/filters.ts'
import { countOrphans, type ForeignKey, readForeignKeys } from '../facts/orphans.ts'
import { shownName } from '../facts/sql.ts'

/** All counts together, milliseconds: the runner waits a little longer for the check. */
const LONGEST = 20_000

export const filterBreaksKeys: Check = {
  code: 'FILTER_BREAKS_KEYS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no row that comes refers to one that a filter keeps away',
  cause: 'rows come whose parents a filter keeps away: the foreign keys do not hold on the destination',
  remedy:
    'filter these rows too; or acknowledge: keys between plain tables are made NOT VALID, those of or to partitioned ones fail',
  async run(context) {
    const [{ byTable, chosen, tables }, { session, path, refused }] = await Promise.all([
      context.fact(filteredTables),
      context.fact(judgedFilters),
    ])
    // What cannot be used cannot be counted with.
    if (refused.length > 0) return []
    const comes = new Map(chosen.map((table) => [table.oid, table]))
    const keys = await context.fact(readForeignKeys)
    const deadline = performance.now() + LONGEST
    const lines: string[] = []
    for (const key of keys) {
      const [child, parent] = [comes.get(key.child), comes.get(key.parent)]
      if (child === undefined || parent === undefined) continue
      const query = countOrphans(key, { child, parent }, tables, byTable)
      if (query === null) continue
      const rows = await ask(session, path, query, deadline - performance.now())
      if (rows !== 0) lines.push(lineOf(key, child, parent, rows))
    }
    return findingOf(lines, (number) => `${count(number, 'foreign key')} to rows that a filter keeps away`)
  },
}

type Named = { readonly schema: string; readonly name: string; readonly partitioned: boolean }

function lineOf({ name }: ForeignKey, child: Named, parent: Named, rows: number | string): string {
  const known = typeof rows === 'number'
  const many = known ? `${count(rows, 'row')} whose parent stays behind` : `not known for how many rows: ${rows}`
  const fate = child.partitioned || parent.partitioned ? 'cannot be made, and fails' : 'is made NOT VALID'
  const key = `${shownName(name)} of ${shownName(child.schema, child.name)}, to ${shownName(parent.schema, parent.name)}`
  return `${key}: ${many}; ${known ? 'the key' : 'if there are any, the key'} ${fate}`
}

/** @returns why not, where the rows cannot be counted in time */
async function ask(
  session: CheckContext['source'],
  path: string,
  query: string,
  milliseconds: number,
): Promise<number | string> {
  const late = `counting takes longer than the ${LONGEST / 1000} seconds there are for all keys`
  if (milliseconds < 1) return late
  try {
    await session.execute(
      `BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(milliseconds)}; SET LOCAL search_path = ${path}`,
    )
    const [row] = await session.rows<{ rows: number }>(query)
    return row?.rows ?? 0
  } catch (thrown) {
    const error = toSampanError(thrown)
    if (error.kind === 'connection' || error.code === 'STOPPED') throw error
    return error.code === 'SRC_SQL_57014' ? late : `${error.code}: ${error.message}`
  } finally {
    await session.execute('ROLLBACK').catch(() => {})
  }
}
