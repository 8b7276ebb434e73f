import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { BUILT_WITHOUT_PATH, NOT_FOUND, RESTRICTED } from '../restricted-path.ts'
import { judgeOutcome, type Outcome } from './outcome.ts'

/** An object as a stage needs it. */
export interface DueObject {
  readonly id: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly sql: string
  readonly verdict: 'migrate' | 'transform'
  /** Why it is made otherwise than planned. */
  readonly reason?: string
  readonly bytes: number
  /**
   * The destination's default privileges would have a say in its rights: they are taken from it again.
   * @default false
   */
  readonly plain?: boolean
}

/**
 * A step that a lane may take up: the whole object, the first of its two steps, or the second; or a part of what lies between
 * them. `sql` and `bytes` are the step's own.
 */
export interface DueStep extends DueObject {
  readonly step: 'whole' | 'build' | 'part' | 'finish'
  /** The part's number; null for other steps. */
  readonly part: number | null
  /** Of all steps with the same text one is under way at a time; null: no such limit. */
  readonly alone: string | null
  /** The one table it works on, by its oid on the source; null: more than one, or another thing. */
  readonly table: number | null
}

/** Objects that go together. */
export interface Batch<Due> {
  readonly objects: readonly Due[]
  /** Makes all of them in one transaction; null: each goes by itself. */
  readonly together: string | null
}

export interface FlightEnd {
  readonly outcomes: ReadonlyMap<number, Outcome>
  /** Every transaction was made as it was sent, none had to be taken apart. */
  readonly smooth: boolean
}

/**
 * Sends batch after batch without waiting for answers. Each is one simple Query: the claim, the statements and the receipt
 * are one implicit transaction, so what exists has its receipt and what has none does not exist. The server has all of it
 * at once, so it ends what it has begun even when the connection is gone. Where a batch fails, whatever the reason, its
 * objects are sent again, each in a transaction of its own, and judged by that.
 * @param session a pipelined one
 * @throws SampanError `RUN_SEALED`, `RUN_TAKEN_OVER`
 */
export async function sendFlight<Due extends DueObject>(
  session: Session,
  batches: readonly Batch<Due>[],
  query: (object: Due) => string,
): Promise<FlightEnd> {
  const sent: readonly Batch<Due>[] = batches.flatMap((batch) =>
    batch.together === null ? batch.objects.map((object) => ({ objects: [object], together: null })) : [batch],
  )
  const texts = sent.map(({ objects, together }) => together ?? objects.map(query).join(';'))
  const settled = await Promise.allSettled(texts.map((text) => session.execute(text)))
  const outcomes = new Map<number, Outcome>()
  const apart: Due[] = []
  for (const [index, { objects, together }] of sent.entries()) {
    const answer = settled[index]
    const judged: Outcome = answer?.status === 'fulfilled' ? { kind: 'made' } : judgeOutcome(answer?.reason)
    const outcome = together === null ? explained(judged, objects[0]?.kind, session.serverVersion) : judged
    if (together === null || outcome.kind === 'made' || isLost(outcome)) {
      for (const { id } of objects) outcomes.set(id, outcome)
    } else apart.push(...objects)
  }
  if (apart.length > 0) {
    const again = await sendFlight(session, [{ objects: apart, together: null }], query)
    for (const [id, outcome] of again.outcomes) outcomes.set(id, outcome)
  }
  const broken = sent.flatMap(({ objects }) => objects.flatMap((object) => notValid(object, outcomes.get(object.id))))
  if (broken.length > 0) {
    // What is said of them has failed behind them.
    const said = sent.flatMap(({ objects }) =>
      objects.filter(({ id, kind }) => kind === 'COMMENT' && outcomes.get(id)?.kind === 'failed'),
    )
    const again = await sendFlight(session, [{ objects: [...broken, ...said], together: null }], query)
    for (const [id, outcome] of again.outcomes) outcomes.set(id, outcome)
  }
  return { outcomes, smooth: [...outcomes.values()].every(({ kind }) => kind === 'made') && apart.length === 0 }
}

/** What a newer server does not find while it builds was found by the source. */
function explained(outcome: Outcome, kind: string | undefined, serverVersion: number): Outcome {
  if (outcome.kind !== 'failed' || serverVersion < RESTRICTED || !NOT_FOUND.test(outcome.code)) return outcome
  if (!/^(INDEX|CONSTRAINT|MATERIALIZED VIEW DATA)$/.test(kind ?? '')) return outcome
  return { ...outcome, message: `${outcome.message} (${BUILT_WITHOUT_PATH})` }
}

/** A CHECK that the source's own rows break today binds new rows alone. */
function notValid<Due extends DueObject>(object: Due, outcome: Outcome | undefined): Due[] {
  const { kind, sql } = object
  if (kind !== 'CHECK CONSTRAINT' || outcome?.kind !== 'failed' || /\bNOT VALID;\s*$/.test(sql)) return []
  const reason = `NOT VALID: rows as they are on the source do not pass it any more (${outcome.code})`
  return [{ ...object, sql: sql.replace(/;\s*$/, ' NOT VALID;\n'), verdict: 'transform', reason }]
}

/** Nothing can be asked on this connection any more. */
function isLost(outcome: Outcome): boolean {
  return (
    outcome.kind === 'passing' && (!(outcome.error instanceof DatabaseError) || outcome.error.kind === 'connection')
  )
}

/** Makes an object; another attempt at it is waited for. */
export function objectQuery(run: string, object: DueObject): string {
  return `SELECT sampan.claim_object(${quoteLiteral(run)}, ${object.id});
${ownSql(run, [object])}
;
${receipt(run, object)}`
}

/** Takes one step towards an object; where another lane is at it, or at what it would wait for, it fails at once. */
export function stepQuery(run: string, object: DueStep): string {
  const alone = object.alone === null ? 'NULL' : quoteLiteral(object.alone)
  if (object.part !== null) {
    return `SELECT sampan.claim_part(${quoteLiteral(run)}, ${object.id}, ${object.part}, ${alone});
${ownSql(run, [object])}
;
${partReceipt(run, object.id, object.part)}`
  }
  return `SELECT sampan.claim_step(${quoteLiteral(run)}, ${object.id}, ${object.step === 'finish'}, ${alone});
${ownSql(run, [object])}
;
${object.step === 'build' ? firstReceipt(run, object) : receipt(run, object)}`
}

/** Makes many objects in one transaction, or none of them. */
export function batchQuery(
  run: string,
  objects: readonly DueObject[],
  { alone, inOrder }: { readonly alone: readonly string[]; readonly inOrder: boolean },
): string {
  const ids = `ARRAY[${objects.map(({ id }) => id).join()}]`
  return `SELECT sampan.claim_objects(${quoteLiteral(run)}, ${ids}, ARRAY[${alone.map(quoteLiteral).join()}]::text[], ${inOrder});
${ownSql(run, objects)}
;
UPDATE sampan.object
   SET status = CASE verdict WHEN 'transform' THEN 'transformed' ELSE 'migrated' END,
       sql = CASE kind WHEN 'USER MAPPING' THEN '' ELSE sql END,
       error_code = NULL, error_message = NULL, blocked_by = NULL,
       finished_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT} / ${objects.length}
 WHERE run = ${quoteLiteral(run)} AND id = ANY (${ids})`
}

/**
 * The objects' own statements. Where making one evaluates expressions, or plans a reading of its table, functions of the user's
 * are found as in a session of the source; all else is made as pg_restore does it, every name in pg_catalog or qualified.
 */
function ownSql(run: string, objects: readonly DueObject[]): string {
  const statements: string[] = []
  let asSource = false
  const look = (wanted: boolean) => {
    if (wanted !== asSource)
      statements.push(wanted ? sourcePath(run) : `SELECT pg_catalog.set_config('search_path', '', true)`)
    asSource = wanted
  }
  for (const object of objects) {
    const { kind, sql } = object
    look(EVALUATED[kind]?.test(sql) === true)
    statements.push(sql)
    if (object.plain && BORN_WITH_RIGHTS.has(kind)) statements.push(plainRights(object))
  }
  look(false)
  return statements.join('\n;\n')
}

/** Kinds that `ALTER DEFAULT PRIVILEGES` speaks of. */
const BORN_WITH_RIGHTS: ReadonlySet<string> = new Set([
  'AGGREGATE',
  'DOMAIN',
  'FOREIGN TABLE',
  'FUNCTION',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'SCHEMA',
  'SEQUENCE',
  'TABLE',
  'TYPE',
  'VIEW',
])

function plainRights({ kind, schema, name }: DueObject): string {
  const words = [kind, schema, name].map((word) => (word === null ? 'NULL' : quoteLiteral(word)))
  return `SELECT sampan.plain_rights(${words.join(', ')})`
}

function sourcePath(run: string): string {
  return `SELECT sampan.use_source_path(${quoteLiteral(run)})`
}

/** By kind, where its text matches. Even a plain index is planned, and with it every expression of its table's others. */
const EVALUATED: Readonly<Record<string, RegExp>> = {
  'TABLE DATA': /^/,
  TABLE: /\bGENERATED ALWAYS AS \(|\bPARTITION BY\b/,
  'TABLE ATTACH': /^/,
  INDEX: /^/,
  CONSTRAINT: /^/,
  'CHECK CONSTRAINT': /^/,
  'FK CONSTRAINT': /^/,
  STATISTICS: /^/,
  'MATERIALIZED VIEW DATA': /^/,
}

/** The time begins when the server takes the Query up. */
const SPENT = `COALESCE(milliseconds, 0)
         + 1000 * EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())`

function firstReceipt(run: string, { id }: DueObject): string {
  return `UPDATE sampan.object SET built_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${id}`
}

/** The time of all parts is the object's: what the lanes have spent on it. */
function partReceipt(run: string, id: number, part: number): string {
  return `UPDATE sampan.key_part SET done_at = pg_catalog.clock_timestamp()
 WHERE run = ${quoteLiteral(run)} AND object = ${id} AND part = ${part};
UPDATE sampan.object SET milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${id}`
}

/** A user mapping may hold a password in the clear, so its text does not outlive it. */
function receipt(run: string, object: DueObject): string {
  const status = object.verdict === 'transform' ? 'transformed' : 'migrated'
  const forget = object.kind === 'USER MAPPING' ? `, sql = ''` : ''
  const why = object.reason === undefined ? '' : `, verdict = 'transform', reason = ${quoteLiteral(object.reason)}`
  return `UPDATE sampan.object
   SET status = '${status}', error_code = NULL, error_message = NULL, blocked_by = NULL${forget}${why},
       finished_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${object.id}`
}
