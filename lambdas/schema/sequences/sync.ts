import type { Session } from '../../postgres/connect.ts'
import { SampanError } from '../../runtime/errors.ts'
import { readSequences, type SequenceName, setSequences } from './values.ts'

/**
 * Brings every sequence of the run to where it stands on the source, and reads it back. Three flights and one note,
 * whatever the number of sequences.
 * @throws SampanError `SEQUENCES_DIFFER`
 */
export async function syncSequences(source: Session, destination: Session, run: string): Promise<void> {
  const sequences = await destination.rows<SequenceName>(
    `SELECT schema, name FROM sampan.object
      WHERE run = $1 AND kind = 'SEQUENCE' AND status IN ('migrated', 'transformed') ORDER BY position`,
    [run],
  )
  const readings = await readSequences(source, sequences)
  const known = sequences.flatMap((sequence, index) => {
    const reading = readings[index]
    return reading && 'lastValue' in reading ? [{ ...sequence, ...reading }] : []
  })
  const unread = sequences.flatMap((sequence, index) => {
    const reading = readings[index]
    return reading && 'error' in reading ? [{ ...sequence, error: reading.error }] : []
  })
  const set = await setSequences(destination, run, known)
  const back = await readSequences(destination, known)
  const rows = known.map((sequence, index) => {
    const found = back[index]
    const error = set[index]?.error ?? (found && 'error' in found ? found.error : null)
    return { ...sequence, found: found && 'lastValue' in found ? found : null, error }
  })
  await storeSequences(destination, run, rows)
  const different = rows.filter(
    ({ lastValue, isCalled, found, error }) =>
      error !== null || found?.lastValue !== lastValue || found.isCalled !== isCalled,
  )
  judge([...unread, ...different])
}

interface SequenceRow extends SequenceName {
  readonly lastValue: string
  readonly isCalled: boolean
  readonly found: { readonly lastValue: string; readonly isCalled: boolean } | null
  readonly error: string | null
}

async function storeSequences(destination: Session, run: string, rows: readonly SequenceRow[]): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.sequence (run, schema, name, last_value, is_called, destination_last_value, destination_is_called,
                                  error_message)
     SELECT $1, s.schema, s.name, s."lastValue", s."isCalled", s."foundValue", s."foundCalled", s.error
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS s(
         schema text, name text, "lastValue" bigint, "isCalled" boolean, "foundValue" bigint, "foundCalled" boolean, error text)
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

function judge(different: readonly (SequenceName & { readonly error?: string | null })[]): void {
  if (different.length === 0) return
  const list = different.slice(0, 3).map(({ schema, name, error }) => `${schema}.${name}${error ? ` (${error})` : ''}`)
  throw new SampanError({
    code: 'SEQUENCES_DIFFER',
    message: `${different.length} sequences do not stand where they stand on the source: ${list.join('; ')}`,
    remedy: 'give the source account SELECT and the destination account UPDATE on them, then start the task again',
    retryable: true,
  })
}
