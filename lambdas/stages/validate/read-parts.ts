import { performance } from 'node:perf_hooks'
import { fenceRun } from '../../core/ledger/fence.ts'
import { claimParts, type DigestPart, type DigestResult, storeResults } from '../../core/ledger/validation.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { isCancelled } from '../../core/postgres/errors.ts'
import { askUnderPath, OWN_PATH, type SearchPath } from '../../core/postgres/search-path.ts'
import type { DigestOptions } from '../../core/rows/digest.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { digestStatement } from './digest-sql.ts'

/** Parts below this go together, so many at once: each holds locks on its table and indexes until the statement ends. */
const SMALL = { bytes: 16 * 1_048_576, count: 100 }

export interface ReadOptions extends DigestOptions {
  readonly run: string
  /** The server itself ends a statement that takes longer, so that no orphan holds the claim. */
  readonly timeoutMilliseconds: number
  /** @default OWN_PATH */
  readonly searchPath?: SearchPath
}

/**
 * Claims parts, reads them and writes their receipts in one transaction: three round trips for up to 101 tables.
 * @param destination a pipelined session: BEGIN, fence and claim travel together, as do receipt and COMMIT
 * @returns how many parts were read; 0 where nothing is left that nobody else holds
 * @throws SampanError RUN_SEALED, VALIDATION_TOO_SLOW, or the server's own
 */
export async function readParts(destination: Session, options: ReadOptions): Promise<number> {
  try {
    const parts = await claim(destination, options)
    const results = parts.length > 0 ? await read(destination, parts, options) : null
    await Promise.all([results?.store(), destination.execute('COMMIT')])
    return parts.length
  } catch (thrown) {
    await destination.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}

async function claim(destination: Session, options: ReadOptions): Promise<DigestPart[]> {
  const [, , parts] = await Promise.all([
    destination.execute(`BEGIN; SET LOCAL statement_timeout = ${Math.max(1, Math.floor(options.timeoutMilliseconds))}`),
    fenceRun(destination, options.run),
    claimParts(destination, options.run, SMALL),
  ])
  return parts
}

async function read(destination: Session, parts: readonly DigestPart[], options: ReadOptions) {
  const began = performance.now()
  const results = await askUnderPath(
    destination,
    options.searchPath ?? OWN_PATH,
    () => destination.rows<DigestResult>(digestStatement(parts, options)),
    'pipelined',
  ).catch((thrown: unknown) => {
    throw isCancelled(thrown) ? tooSlow(parts) : thrown
  })
  const milliseconds = performance.now() - began
  return { store: () => storeResults(destination, options.run, results, milliseconds) }
}

function tooSlow(parts: readonly DigestPart[]): SampanError {
  const first = parts[0]
  const others = parts.length > 1 ? ` and ${parts.length - 1} more` : ''
  return new SampanError({
    code: 'VALIDATION_TOO_SLOW',
    message: `reading ${first?.relation.schema}.${first?.relation.name}${others} on the destination did not end in its time`,
    remedy: 'give the destination more I/O, or set validation.mode to "counts"',
    retryable: true,
  })
}
