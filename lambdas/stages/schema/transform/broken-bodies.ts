import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import type { Scratch } from './scratch.ts'

/**
 * The functions in SQL whose bodies the server finds wrong when it is told to read them, each with what it says. It reads no other language’s:
 * of PL/pgSQL it knows the syntax alone.
 * @returns by the object’s number
 */
export async function brokenBodies(
  scratch: Scratch,
  made: readonly PlannedObject[],
  path: SearchPath,
): Promise<ReadonlyMap<number, string>> {
  const read = made.filter(isReadable)
  const refused = await scratch.make(read.map(({ sql }) => readingSql(sql, path)))
  return new Map(
    refused.flatMap(({ number, message }): [number, string][] => {
      const object = read[number]
      return object === undefined ? [] : [[object.id, `${object.kind.toLowerCase()} ${objectName(object)}: ${message}`]]
    }),
  )
}

function isReadable({ kind, sql }: PlannedObject): boolean {
  return (kind === 'FUNCTION' || kind === 'PROCEDURE') && /^\s*LANGUAGE sql\b/m.test(sql) && /^\s*AS \$/m.test(sql)
}

function readingSql(sql: string, path: SearchPath): string {
  const set = (name: string, value: string) => `SELECT pg_catalog.set_config('${name}', ${quoteLiteral(value)}, true)`
  return [
    set('check_function_bodies', 'on'),
    set('search_path', path),
    sql.replace(/^(\s*)CREATE (FUNCTION|PROCEDURE) /, '$1CREATE OR REPLACE $2 '),
    set('search_path', ''),
    set('check_function_bodies', 'off'),
  ].join('\n;\n')
}
