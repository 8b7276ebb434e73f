import type { Renames } from '../../../core/names/renames.ts'
import { listed } from '../../../core/present/listed.ts'
import type { CheckContext } from '../context.ts'
import { notOfExtension, shownName, USER_SCHEMA } from './sql.ts'

/** Something that is text, and may name what gets another name. */
interface Code {
  readonly what: string
  readonly text: string
  /** Tables whose columns it may name without naming them: those that call it as a trigger, by oid. */
  readonly tables: readonly string[]
}

function codeSql(version: number): string {
  // A body in SQL that the server has read follows by itself (14 and later).
  const body = version >= 140_000 ? 'CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END' : 'p.prosrc'
  return `
  SELECT 'function ' || n.nspname || '.' || p.proname AS what,
         pg_catalog.concat_ws(' ', ${body}, pg_catalog.array_to_string(p.proconfig, ' '),
           CASE WHEN ${body} IS NOT NULL THEN pg_catalog.oidvectortypes(p.proargtypes) END) AS text,
         ARRAY(SELECT t.tgrelid::pg_catalog.int8::text FROM pg_catalog.pg_trigger AS t WHERE t.tgfoid = p.oid) AS tables
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
   WHERE ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')} AND l.lanname NOT IN ('c', 'internal')
  UNION ALL
  SELECT 'trigger ' || n.nspname || '.' || c.relname || '.' || t.tgname,
         pg_catalog.replace(pg_catalog.encode(t.tgargs, 'escape'), '\\000', ' '), ARRAY[c.oid::pg_catalog.int8::text]
    FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND t.tgnargs > 0 AND ${USER_SCHEMA}
  UNION ALL
  SELECT 'default of ' || n.nspname || '.' || c.relname || '.' || a.attname,
         (SELECT pg_catalog.string_agg(m.found[1], ' ') FROM pg_catalog.regexp_matches(pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           '(''(?:[^'']|'''')*'')::(?:text|character varying)', 'g') AS m(found)), '{}'
    FROM pg_catalog.pg_attrdef AS d JOIN pg_catalog.pg_class AS c ON c.oid = d.adrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
   WHERE ${USER_SCHEMA}
  UNION ALL
  SELECT 'search_path of ' || CASE WHEN s.setrole = 0 THEN 'the database' ELSE 'the role ' || r.rolname END, pg_catalog.array_to_string(s.setconfig, ' '), '{}'
    FROM pg_catalog.pg_db_role_setting AS s LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
   WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
     AND pg_catalog.array_to_string(s.setconfig, ' ') LIKE '%search_path=%'
  ORDER BY 1`
}

/**
 * What has an old name among its words, a line each. Words prove nothing: a name may be another thing’s, and one that is put together is not
 * found. A column’s name counts where its table is named too, or calls the function as a trigger.
 */
export async function codeWithOldNames(context: CheckContext, renames: Renames): Promise<readonly string[]> {
  const rows = await context.source.rows<Code>(codeSql(context.source.serverVersion))
  const schemas = [...renames.schemas.keys(), ...renames.emptied.keys()]
  const relations = [...renames.relations.values()]
  const moved = relations.filter(
    ({ from, to, carried }) => from.name !== to.name || (!carried && from.schema !== to.schema),
  )
  return rows.flatMap(({ what, text, tables }) => {
    const words = wordsOf(text ?? '')
    const columns = relations.flatMap(({ oid, from, columns: renamed }) =>
      renamed.size > 0 && (words.has(from.name) || tables.includes(String(oid)))
        ? [...renamed.keys()].filter((column) => words.has(column)).map((column) => shownName(from.name, column))
        : [],
    )
    const found = new Set([
      ...schemas.filter((name) => words.has(name)).map((name) => `schema ${shownName(name)}`),
      ...moved.filter(({ from }) => words.has(from.name)).map(({ from }) => shownName(from.schema, from.name)),
      ...columns,
    ])
    if (found.size === 0) return []
    return [`${what}: ${listed([...found], { most: NAMED })}`]
  })
}

const NAMED = 5

/** As PostgreSQL folds them; what is in quotes as it stands. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = [...text.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)]
  return new Set(
    words.map(([word, quoted]) =>
      quoted === undefined ? word.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : quoted.replaceAll('""', '"'),
    ),
  )
}
