import type { Session } from '../../../core/postgres/connect.ts'
import { quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { Standing } from './ahead.ts'
import { readSequences } from './values.ts'

/** Where each sequence of the run stands now, and stood when rows were read; with what kept it from being read. */
export async function readStandings(
  source: Session,
  destination: Session,
  run: string,
): Promise<(Standing & { readonly error: string | null })[]> {
  const sequences = await destination.rows<Omit<Standing, 'live' | 'file'>>(STOOD, [run])
  const [readings, files] = await Promise.all([
    readSequences(source, sequences),
    source.rows<{ schema: string; name: string; file: string }>(
      `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relfilenode::text AS file
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S'`,
    ),
  ])
  const fileOf = new Map(files.map(({ schema, name, file }) => [quoteQualified(schema, name), file]))
  return sequences.map((sequence, index) => {
    const reading = readings[index]
    const file = fileOf.get(quoteQualified(sequence.schema, sequence.name)) ?? null
    const live = reading && 'lastValue' in reading ? reading : null
    // One that is there and cannot be read is no dropped one: the view's value does not stand in for it.
    const inView = live === null && file !== null ? null : sequence.inView
    return { ...sequence, inView, live, file, error: reading && 'error' in reading ? reading.error : null }
  })
}

const STOOD = `
  SELECT o.schema, o.name,
         pg_catalog.jsonb_build_object('increment', COALESCE(q.seqincrement, 1)::text, 'least', COALESCE(q.seqmin, 1)::text,
                                       'most', COALESCE(q.seqmax, 1)::text, 'cycles', COALESCE(q.seqcycle, true)) AS counting,
         (SELECT pg_catalog.jsonb_build_object('lastValue', v.last_value::text, 'isCalled', v.is_called, 'file', v.file::text)
            FROM sampan.sequence_in_view v WHERE v.run = o.run AND v.schema = o.schema AND v.name = o.name
           ORDER BY v.generation DESC LIMIT 1) AS "inView"
    FROM sampan.object o
    LEFT JOIN pg_catalog.pg_sequence q
           ON q.seqrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', o.schema, o.name))
   WHERE o.run = $1 AND o.kind IN ('SEQUENCE', 'SEQUENCE SET') AND o.status IN ('migrated', 'transformed') ORDER BY o.position`
