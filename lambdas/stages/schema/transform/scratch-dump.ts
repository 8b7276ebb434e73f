import type { Session } from '../../../core/postgres/connect.ts'
import { SampanError, toSampanError } from '../../../core/runtime/errors.ts'
import { type Dump, dump } from '../pgdump/dump.ts'
import { SCRATCH_DUMP } from './scratch.ts'

/** pg_dump keeps its session from expanding views of the user’s; bodies of functions are to be read with them. */
const VIEWS_AGAIN = `SELECT pg_catalog.set_config(name, '', false) FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind'`

/**
 * Dumps what the session sees, and leaves it usable: pg_dump reads in the transaction that is open, or in none, since nobody else
 * changes a scratch.
 * @throws SampanError `SCRATCH_DUMP_FAILED`
 */
export async function dumpScratch(
  session: Session,
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: () => number },
): Promise<Dump> {
  try {
    const { client } = session
    const args = [...SCRATCH_DUMP]
    const dumped = await dump({ client, args, skipTransaction: true, signal, timeout: timeout() })
    // pg_dump prepares its questions under names, and would find them taken; its settings are not ours.
    await session.execute(`DEALLOCATE ALL; SET search_path = ''; SET quote_all_identifiers = off; ${VIEWS_AGAIN}`)
    return dumped
  } catch (thrown) {
    const error = toSampanError(thrown)
    if (!/^SRC_DUMP_/.test(error.code)) throw error
    throw new SampanError({
      code: 'SCRATCH_DUMP_FAILED',
      message: `the renamed copy of the objects on the destination could not be read: ${error.message}`,
      remedy: 'nothing was made: the objects are read again',
      retryable: true,
      kind: error.kind,
      cause: thrown,
    })
  }
}
