import type { Session } from '../../postgres/connect.ts'
import { inOneFlight } from '../../postgres/transaction.ts'
import { keepRun } from '../fence.ts'

export interface SequenceName {
  readonly schema: string
  readonly name: string
}

/** Where a sequence stands. `lastValue` is the server's own text: int8 is no JavaScript number. */
export interface SequenceValue {
  readonly lastValue: string
  readonly isCalled: boolean
}

/** Where a sequence stood when a view was first read by. */
export interface NotedSequence extends SequenceName, SequenceValue {
  /** As the view knows it: a restart writes the sequence to a new one. */
  readonly file: string
}

/** The run's sequences, where nobody has noted yet how they stand in a view; else none. */
export async function readUnnoted(destination: Session, run: string, generation: number): Promise<SequenceName[]> {
  return destination.rows<SequenceName>(
    `SELECT o.schema, o.name FROM sampan.object o
      WHERE o.run = $1 AND o.kind IN ('SEQUENCE', 'SEQUENCE SET')
        AND NOT EXISTS (SELECT FROM sampan.sequence_in_view v WHERE v.run = $1 AND v.generation = $2)`,
    [run, generation],
  )
}

/** Of two lanes that note the same view the first one counts. */
export async function storeNoted(
  destination: Session,
  run: string,
  generation: number,
  sequences: readonly NotedSequence[],
): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.sequence_in_view (run, generation, schema, name, file, last_value, is_called)
     SELECT $1, $2, s.schema, s.name, s.file, s."lastValue", s."isCalled"
       FROM pg_catalog.jsonb_to_recordset($3::jsonb)
         AS s(schema text, name text, file oid, "lastValue" bigint, "isCalled" boolean)
     ON CONFLICT DO NOTHING`,
    [run, generation, JSON.stringify(sequences)],
  )
}

/** How the destination's sequence counts. int8 is no JavaScript number. */
export interface Counting {
  readonly increment: string
  readonly least: string
  readonly most: string
  readonly cycles: boolean
}

/** A sequence that the run has made, with where the source's stood by the newest view. */
export interface StoodSequence extends SequenceName {
  /** What the destination calls it. */
  readonly there: SequenceName
  /** Where it stood by the newest view that rows were read by: what counts of older ones is proved to be of this one too. */
  readonly inView: (SequenceValue & { readonly file: string }) | null
  readonly counting: Counting
  /** It stood there before the run, and whoever uses it has had its values: it never goes back. */
  readonly kept: boolean
}

/**
 * In the archive's order, but for those that have been given to their owners: they stood as they were compared then, and setting them is
 * their owner's from then on. One that was dropped and made anew since is the account's again.
 */
export async function readStood(destination: Session, run: string): Promise<StoodSequence[]> {
  return destination.rows<StoodSequence>(STOOD, [run])
}

const STOOD = `
  WITH given(id, at) AS (
    SELECT a.dependencies[1], a.finished_at FROM sampan.object a
     WHERE a.run = $1 AND a.kind = 'OWNER' AND a.stage = 'own' AND a.status IN ('migrated', 'transformed')
  ), given_away(id, at) AS (
    SELECT g.id, g.at FROM given g
    UNION ALL
    -- The sequence of a column goes with its table: an identity's depends on it, another's is said to be OWNED BY it.
    SELECT s.id, g.at FROM sampan.object s CROSS JOIN LATERAL pg_catalog.unnest(s.dependencies) AS needed(id) JOIN given g ON g.id = needed.id
     WHERE s.run = $1 AND s.kind = 'SEQUENCE'
    UNION ALL
    SELECT other.id, g.at FROM sampan.object b CROSS JOIN LATERAL pg_catalog.unnest(b.dependencies) AS needed(id) JOIN given g ON g.id = needed.id
     CROSS JOIN LATERAL pg_catalog.unnest(b.dependencies) AS other(id)
     WHERE b.run = $1 AND b.kind = 'SEQUENCE OWNED BY'
  )
  SELECT o.schema, o.name,
         pg_catalog.jsonb_build_object('schema', COALESCE(o.destination_schema, o.schema),
                                       'name', COALESCE(o.destination_name, o.name)) AS there,
         pg_catalog.jsonb_build_object('increment', COALESCE(q.seqincrement, 1)::text, 'least', COALESCE(q.seqmin, 1)::text,
                                       'most', COALESCE(q.seqmax, 1)::text, 'cycles', COALESCE(q.seqcycle, true)) AS counting,
         (SELECT pg_catalog.jsonb_build_object('lastValue', v.last_value::text, 'isCalled', v.is_called, 'file', v.file::text)
            FROM sampan.sequence_in_view v WHERE v.run = o.run AND v.schema = o.schema AND v.name = o.name
           ORDER BY v.generation DESC LIMIT 1) AS "inView", o.kept
    FROM sampan.object o
    LEFT JOIN pg_catalog.pg_sequence q
           ON q.seqrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', COALESCE(o.destination_schema, o.schema),
                                                                                   COALESCE(o.destination_name, o.name)))
   WHERE o.run = $1 AND o.kind IN ('SEQUENCE', 'SEQUENCE SET') AND o.status IN ('migrated', 'transformed')
     AND NOT EXISTS (SELECT FROM given_away g WHERE g.id = o.id AND (g.at < o.finished_at) IS NOT TRUE)
   ORDER BY o.position`

/** Where a sequence has to stand, and where the destination's was found. */
export interface SequenceRow extends SequenceName, SequenceValue {
  /** What the destination calls it. */
  readonly there: SequenceName
  readonly found: SequenceValue | null
  /** What kept it from being set or read. */
  readonly error: string | null
}

export async function storeSequences(destination: Session, run: string, rows: readonly SequenceRow[]): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.sequence (run, schema, name, last_value, is_called, destination_last_value, destination_is_called,
                                  error_message, destination_schema, destination_name)
     SELECT $1, s.schema, s.name, s."lastValue", s."isCalled", s."foundValue", s."foundCalled", s.error,
            NULLIF(s.there ->> 'schema', s.schema), NULLIF(s.there ->> 'name', s.name)
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS s(
         schema text, name text, "lastValue" bigint, "isCalled" boolean, "foundValue" bigint, "foundCalled" boolean, error text, there jsonb)
     ON CONFLICT (run, schema, name) DO UPDATE
        SET last_value = EXCLUDED.last_value, is_called = EXCLUDED.is_called,
            destination_last_value = EXCLUDED.destination_last_value,
            destination_is_called = EXCLUDED.destination_is_called, error_message = EXCLUDED.error_message`,
    [
      run,
      JSON.stringify(
        rows.map(({ found, ...row }) => ({
          ...row,
          foundValue: found?.lastValue ?? null,
          foundCalled: found?.isCalled ?? null,
        })),
      ),
    ],
  )
}

/** A sequence with both its positions, the servers' own text. */
export interface SequenceAccount {
  readonly schema: string
  readonly name: string
  readonly lastValue: string
  readonly isCalled: boolean
  readonly destinationLastValue: string | null
  readonly destinationIsCalled: boolean | null
  readonly error: string | null
}

/** $1 run: all sequences of a run as rows of `SequenceAccount`. */
export const READ_SEQUENCES = `SELECT schema, name, last_value AS "lastValue", is_called AS "isCalled",
            destination_last_value AS "destinationLastValue", destination_is_called AS "destinationIsCalled",
            error_message AS error
       FROM sampan.sequence WHERE run = $1 ORDER BY schema, name`

export async function readSequenceAccounts(destination: Session, run: string): Promise<SequenceAccount[]> {
  return destination.rows<SequenceAccount>(READ_SEQUENCES, [run])
}

/** True where the destination's sequence will give the same next value. */
export function sequenceMatches(sequence: SequenceAccount): boolean {
  return sequence.lastValue === sequence.destinationLastValue && sequence.isCalled === sequence.destinationIsCalled
}

/**
 * Looks once more where the destination's sequences stand, in one statement: somebody may have set or used one since it was brought
 * there, and behind the rows its next value comes twice. What the account may not read any more was given away, and judged before.
 */
export async function readSequencesAgain(destination: Session, run: string): Promise<void> {
  await inOneFlight(destination, () => [
    keepRun(destination, run),
    destination.rows(
      `UPDATE sampan.sequence s
          SET destination_last_value = COALESCE(now.value, s.destination_last_value), destination_is_called = now.value IS NOT NULL
         FROM (SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.pg_sequence_last_value(c.oid) AS value
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'S'
                  AND CASE WHEN c.relkind = 'S' AND c.oid IN (
                        SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', COALESCE(k.destination_schema, k.schema), COALESCE(k.destination_name, k.name)))
                          FROM sampan.sequence k WHERE k.run = $1)
                      THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') END) now
        WHERE s.run = $1 AND COALESCE(s.destination_schema, s.schema) = now.schema AND COALESCE(s.destination_name, s.name) = now.name AND s.error_message IS NULL
          AND now.value IS DISTINCT FROM CASE WHEN s.destination_is_called THEN s.destination_last_value END`,
      [run],
    ),
  ])
}
