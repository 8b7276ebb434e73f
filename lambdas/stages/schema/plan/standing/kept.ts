import { keyBeside } from '../../../../core/existing/beside.ts'
import { readUnready } from '../../../../core/existing/filled.ts'
import { type ConflictProblem, judgeMeetings, referencesAmong } from '../../../../core/existing/judge.ts'
import { type Meeting, readMeetings, stays } from '../../../../core/existing/meetings.ts'
import { type NeededThere, readNeeds } from '../../../../core/existing/needs.ts'
import { type KeyColumn, nameKey } from '../../../../core/existing/tables.ts'
import type { KnownObject } from '../../../../core/ledger/objects/known.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { type Renames, schemaThere, typesUnder } from '../../../../core/names/renames.ts'
import type { Session } from '../../../../core/postgres/connect.ts'
import { withoutKeywordQuotes } from '../../../../core/postgres/identifiers.ts'
import { listed } from '../../../../core/present/listed.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'
import { presentSql } from '../../../../core/structure/present-sql.ts'
import type { TaskDatabase } from '../../../../core/task/databases.ts'
import type { Task } from '../../../../core/task/task.ts'
import { emptyingOf } from './emptied-tables.ts'
import { replacingOf } from './replaced-tables.ts'

/** What stands on the destination already, as far as the plan meets it. */
export interface Standing {
  readonly meetings: readonly Meeting[]
  /** Nothing is made: all that rows come into stands there. */
  readonly rowsAlone: boolean
  /** What the tables there cannot be without, as `kind, schema, tag`. */
  readonly needed: ReadonlySet<string>
  /** Everything that has a name there. */
  readonly present: ReadonlySet<string>
  /** SQL that empties tables, by the source's oid of the one whose statement it is. */
  readonly emptying: ReadonlyMap<number, string>
  /** SQL that drops tables, by the number of the object that is made behind it. */
  readonly replacing: ReadonlyMap<number, string>
  /** Source oids of the tables whose rows must be there before a table's own: foreign keys stand already. */
  readonly behind: ReadonlyMap<number, readonly number[]>
  /** The keys of tables whose rows stay, by source oids. */
  readonly beside: ReadonlyMap<number, readonly KeyColumn[]>
  /** What a schema of the source is called there. */
  schemaThere(schema: string): string
  readonly told: readonly string[]
}

/**
 * The tables of the plan that meet one on the destination, where the task says what becomes of them.
 * @param known objects of the plan before: what the run itself has made is nobody else's
 * @returns null where nothing is met
 * @throws SampanError `CONFLICTS_REFUSED`
 */
export async function readStanding(
  sessions: { readonly source: Session; readonly destination: Session },
  { task, database }: { readonly task: Task; readonly database: TaskDatabase },
  objects: readonly PlannedObject[],
  renames: Renames | null,
  known: readonly KnownObject[],
): Promise<Standing | null> {
  const there = (schema: string) => (renames === null ? schema : schemaThere(renames, schema))
  const tables = objects.filter(({ kind, status }) => kind === 'TABLE' && status === 'pending')
  const chosen = tables.map(({ oid, schema, name }) => {
    const renamed = renames?.relations.get(oid)
    const from = { schema: schema ?? '', name }
    return {
      ...from,
      there: renamed?.to ?? { schema: there(from.schema), name },
      columns: renamed?.columns ?? new Map<string, string>(),
      excluded: renamed?.excluded ?? [],
    }
  })
  const own = new Set(known.filter(({ kind, made, kept }) => kind === 'TABLE' && made && !kept).map(keyOf))
  const placeOf = new Map(chosen.map((one) => [nameKey(one.there), keyOf({ kind: 'TABLE', ...one })]))
  const meetings = await readMeetings(sessions, { task, database }, chosen, (name) =>
    own.has(placeOf.get(nameKey(name)) ?? ''),
  )
  const rowsAlone = database.schema === 'existing'
  if (meetings.length === 0 && !rowsAlone) return null
  const { destination } = sessions
  const { problems: found, computed, told } = judgeMeetings(meetings, typesUnder(renames))
  // What the run itself has begun to fill is not empty any more.
  const begun = known.some(({ kept, made }) => kept && made)
  const unready = rowsAlone
    ? await readUnready(destination, chosen, meetings, (name) => begun || own.has(placeOf.get(nameKey(name)) ?? ''))
    : []
  const problems = [...unready, ...found]
  if (problems.length > 0) throw conflictsRefused(problems)
  const needs = await readNeeds(destination, meetings)
  const present = await destination.rows<{ kind: string; schema: string; name: string }>(
    `SELECT p.kind, p.schema, p.name FROM (${presentSql(destination.serverVersion)}) AS p(kind, schema, name)`,
  )
  const oidThere = new Map(meetings.map((meeting) => [nameKey(meeting.there), meeting.source.oid]))
  const references = referencesAmong(meetings.filter(stays))
  return {
    meetings,
    rowsAlone,
    told: [...computed, ...told],
    needed: new Set(needs.flatMap(tagsOf)),
    present: new Set(present.map(keyOf)),
    emptying: emptyingOf(meetings, tables),
    replacing: replacingOf(meetings, objects, there),
    behind: new Map(
      meetings.map((meeting) => [
        meeting.source.oid,
        (references.get(nameKey(meeting.there)) ?? []).flatMap((key) => oidThere.get(key) ?? []),
      ]),
    ),
    beside: new Map(
      meetings.flatMap((meeting) => {
        const key = meeting.mode === 'ignore' ? keyBeside(meeting) : null
        return key === null ? [] : [[meeting.source.oid, key] as const]
      }),
    ),
    schemaThere: there,
  }
}

export function keyOf({ kind, schema, name }: Pick<PlannedObject, 'kind' | 'schema' | 'name'>): string {
  // The archive has the types of a function as the source writes them.
  const alike = /^(FUNCTION|PROCEDURE|AGGREGATE)$/.test(kind) ? withoutKeywordQuotes(name) : name
  return JSON.stringify([kind, schema ?? '', alike])
}

/** In pg_dump’s words; which of them it is, a function or a procedure, decides nothing: their names are of one space. */
function tagsOf({ space, schema, name, signature }: NeededThere): readonly string[] {
  const of = (kinds: readonly string[], tag: string) => kinds.map((kind) => keyOf({ kind, schema, name: tag }))
  switch (space) {
    case 'relation':
      return of(['SEQUENCE', 'TYPE'], name)
    case 'type':
      return of(['TYPE', 'DOMAIN', 'SHELL TYPE'], name)
    case 'function':
      return [
        ...of(['FUNCTION', 'PROCEDURE'], `${name}${signature}`),
        ...of(['AGGREGATE'], `${name}${signature === '()' ? '(*)' : signature}`),
      ]
  }
}

/** The precheck tells all of them, each by its own code. */
function conflictsRefused(problems: readonly ConflictProblem[]): SampanError {
  const named = problems.map(({ code, text }) => `${text} (${code})`)
  return new SampanError({
    code: 'CONFLICTS_REFUSED',
    message: `tables that stand on the destination cannot be met as the task wants it: ${listed(named, { between: '; ' })}`,
    remedy: 'nothing was made: mend the tables or the task; sampan explain tells of each code in brackets',
  })
}
