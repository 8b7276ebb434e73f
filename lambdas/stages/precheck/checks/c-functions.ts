import { type Check, count, findingOf, passed } from '../check.ts'
import { chosenBySchema } from '../facts/chosen.ts'
import { foreseenPlan } from '../facts/foreseen-plan.ts'
import { destinationRole } from '../facts/role.ts'
import { notOfExtension, shownName, USER_SCHEMA } from '../facts/sql.ts'

interface FunctionRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly signature: string
  readonly language: string
  readonly dependants: readonly string[]
}

export const cFunctions: Check = {
  code: 'C_FUNCTIONS',
  side: 'source',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'the destination takes every chosen function in C',
  cause:
    'only a superuser creates functions in C or internal code, and only where the server has their library; what needs them cannot come',
  remedy:
    'replace them, install their library, exclude them ({ "kind": "FUNCTION", "name": … }) with what depends on them, or acknowledge this code',
  async run(context) {
    const rows = await chosenBySchema<FunctionRow>(
      context,
      `SELECT p.oid, n.nspname AS schema, p.proname AS name, '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' AS signature,
              l.lanname AS language,
              ARRAY(SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0) FROM pg_catalog.pg_depend AS d
                     WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid
                       AND d.deptype = 'n' LIMIT 20)::pg_catalog.text[] AS dependants
         FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
         JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
        WHERE l.lanname IN ('c', 'internal') AND ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')}
          -- An aggregate is listed as an internal function; what it is made of is not.
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate AS a WHERE a.aggfnoid = p.oid)
          -- Constructors of range types are made with their type.
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS made
                WHERE made.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND made.objid = p.oid AND made.deptype = 'i')
        ORDER BY 1, 2, 3`,
    )
    const { selection } = context
    const chosen = rows.filter(({ schema, name, signature }) => {
      const names = [name, name + signature]
      return !['FUNCTION', 'PROCEDURE'].some((kind) => selection.excludesObject({ kind, names, schema }))
    })
    if (chosen.length === 0) return passed
    const { superuser } = await context.fact(destinationRole)
    if (!superuser) return told(chosen.map(shownFunction))
    const { refusedNative } = await context.fact(foreseenPlan)
    return told(
      chosen.flatMap((row) => {
        const said = refusedNative.get(row.oid)
        return said === undefined ? [] : [`${shownFunction(row)}: ${said}`]
      }),
    )
  },
}

function told(details: readonly string[]) {
  return findingOf(details, (number) => `${count(number, 'function')} in C or internal code`)
}

function shownFunction(row: FunctionRow): string {
  const used = row.dependants.length === 0 ? '' : `, used by ${row.dependants.join(', ')}`
  return `${shownName(row.schema, row.name)}${row.signature}, language ${row.language}${used}`
}
