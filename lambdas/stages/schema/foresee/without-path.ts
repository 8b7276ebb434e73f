import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { BUILT_WITHOUT_PATH, NOT_FOUND, RESTRICTED } from '../apply/restricted-path.ts'
import type { Refusal } from './rehearse.ts'

const EVALUATED = sqlFile(new URL('../sql/evaluated-objects.sql', import.meta.url))

/** Rows that expressions are tried on. */
const ROWS = 200
/** A statement's time, and that of all, in milliseconds: what is not tried by then is not known. */
const EACH = 1_000
const ALL = 8_000

interface Evaluated {
  readonly index: string | null
  readonly constraint: string | null
  readonly view: string | null
  readonly schema: string | null
  readonly table: string | null
  readonly parted: boolean
  readonly query: string | null
  readonly expressions: readonly string[]
  readonly still: boolean
}

/**
 * Which indexes and materialized views of the plan a destination from 17 on cannot make because their functions find their helpers by
 * a search_path only. Each is evaluated on the source as the destination will do it: an index over some rows, a view up to its first.
 * @param source used for nothing else meanwhile
 */
export async function refusedWithoutPath(
  source: Session,
  objects: readonly PlannedObject[],
  sourcePath: SearchPath,
  destinationVersion: number,
): Promise<readonly Refusal[]> {
  if (destinationVersion < RESTRICTED || source.serverVersion >= RESTRICTED) return []
  const pending = objects.filter(({ status }) => status === 'pending')
  const oids = (kind: string) => pending.filter((object) => object.kind === kind).map(({ oid }) => oid)
  const deadline = performance.now() + ALL
  const refused: Refusal[] = []
  await source.execute(`BEGIN READ ONLY; SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '${EACH}ms';
    ${UNDER_ITS_OWN}`)
  try {
    const evaluated = await source.rows<Evaluated>(EVALUATED, [
      oids('INDEX'),
      oids('CONSTRAINT'),
      oids('MATERIALIZED VIEW DATA'),
    ])
    for (const one of evaluated) {
      if (performance.now() > deadline) break
      const object = pending.find((known) => isOf(known, one))
      const refusal = object === undefined ? null : await refusalOf(source, one, sourcePath, refused)
      if (object !== undefined && refusal !== null) refused.push({ object, ...refusal })
    }
  } finally {
    await source.execute('ROLLBACK')
  }
  return refused
}

function isOf({ kind, oid }: PlannedObject, { index, constraint, view }: Evaluated): boolean {
  if (kind === 'INDEX') return oid === Number(index)
  return (
    (kind === 'CONSTRAINT' && oid === Number(constraint)) || (kind === 'MATERIALIZED VIEW DATA' && oid === Number(view))
  )
}

async function refusalOf(
  source: Session,
  one: Evaluated,
  sourcePath: SearchPath,
  known: readonly Refusal[],
): Promise<Said | null> {
  const { schema, table, query, still } = one
  if (schema !== null && table !== null) {
    return evaluate(source, overRows(one, quoteQualified(schema, table), table, sourcePath))
  }
  const text = (query ?? '').replace(/;\s*$/, '')
  const planned = await evaluate(source, `EXPLAIN ${text}`)
  // Planning opens the indexes of the tables as well: what one of them says may be of it alone, and it will not be there.
  if (planned !== null) return known.some(({ message }) => message === planned.message) ? null : planned
  // Counted, so that no value leaves the server and none is left uncomputed.
  return still ? evaluate(source, `SELECT pg_catalog.count(v) FROM (SELECT * FROM (${text}) d LIMIT 1) v`) : null
}

type Said = Omit<Refusal, 'object'>

async function evaluate(source: Session, statement: string): Promise<Said | null> {
  await source.execute('SAVEPOINT sampan_evaluated')
  try {
    await source.execute(`${UNDER_ITS_OWN}; ${statement}`)
    return null
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    const state = thrown.sqlState ?? ''
    return NOT_FOUND.test(state) ? { state, message: `${messageOf(thrown)} (${BUILT_WITHOUT_PATH})` } : null
  } finally {
    await source.execute('ROLLBACK TO SAVEPOINT sampan_evaluated')
  }
}

function messageOf({ message }: DatabaseError): string {
  return message.replace(/^the source answered: /, '')
}

const UNDER_ITS_OWN = `SET LOCAL search_path = pg_catalog, pg_temp`

/**
 * The expressions over some rows, which are read under the source's path: planning that opens the table's other indexes. One row of NULLs
 * stands for those of an empty table.
 */
function overRows({ expressions, parted }: Evaluated, name: string, table: string, sourcePath: SearchPath): string {
  const columns = expressions.map((expression) => `(${expression})`).join(', ')
  const row = quoteLiteral(`SELECT ${columns} FROM (SELECT ($1).* OFFSET 0) AS ${quoteIdentifier(table)}`)
  const body = `DECLARE a_row ${name};
    BEGIN
      EXECUTE ${row} USING a_row;
      PERFORM pg_catalog.set_config('search_path', ${quoteLiteral(sourcePath)}, true);
      FOR a_row IN SELECT * FROM ${parted ? '' : 'ONLY '}${name} LIMIT ${ROWS} LOOP
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        EXECUTE ${row} USING a_row;
      END LOOP;
    END`
  return `DO ${quoteLiteral(body)}`
}
