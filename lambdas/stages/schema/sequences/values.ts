import { requireOpenSql } from '../../../core/ledger/calls.ts'
import type { SequenceName, SequenceValue } from '../../../core/ledger/objects/sequences.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'

export type Reading = SequenceValue | { readonly error: string }

/** Asks every sequence at once; a sequence that cannot be read has its error in its place. @param session a pipelined one */
export function readSequences(session: Session, sequences: readonly SequenceName[]): Promise<Reading[]> {
  return Promise.all(sequences.map(({ schema, name }) => readOne(session, `FROM ${quoteQualified(schema, name)}`)))
}

async function readOne(session: Session, from: string): Promise<Reading> {
  try {
    const [row] = await session.rows<SequenceValue>(
      `SELECT last_value::text AS "lastValue", is_called AS "isCalled" ${from}`,
    )
    return row ?? { error: 'the sequence has no row' }
  } catch (thrown) {
    return noteUnlessLost(thrown)
  }
}

/**
 * Sets all sequences in one flight. Setting is not undone by a rollback, so each statement asks first whether the run is
 * still open.
 * @param fence the statement that asks it, where it is not a run that migrates
 */
export function setSequences(
  session: Session,
  run: string,
  values: readonly (SequenceName & SequenceValue)[],
  fence = requireOpenSql(run),
): Promise<({ readonly error: string } | null)[]> {
  return Promise.all(
    values.map(async ({ schema, name, lastValue, isCalled }) => {
      const sequence = `${quoteLiteral(quoteQualified(schema, name))}::pg_catalog.regclass`
      try {
        await session.execute(
          `${fence};
           SELECT pg_catalog.setval(${sequence}, ${quoteLiteral(lastValue)}::pg_catalog.int8, ${isCalled})`,
        )
        return null
      } catch (thrown) {
        return noteUnlessLost(thrown)
      }
    }),
  )
}

function noteUnlessLost(thrown: unknown): { readonly error: string } {
  const error = toSampanError(thrown)
  if (
    error.kind === 'connection' ||
    /^(STOPPED|RUN_SEALED|RUN_TAKEN_OVER|LEDGER_DAMAGED|REPAIR_TAKEN_OVER)$/.test(error.code)
  )
    throw error
  return { error: error.message }
}
