import { fenceRun } from '../../core/ledger/fence.ts'
import { holdReceipt, moveReceipt } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { DatabaseError } from '../../core/postgres/errors.ts'
import type { SearchPath } from '../../core/postgres/search-path.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { fold, type Operation } from '../../core/stream/fold.ts'
import { type Lsn, lsnText } from '../../core/stream/lsn.ts'
import { type Statement, statementsOf, type TableThere } from './statements.ts'

/** Every state between two changes was legal on the source, what they come to need not be between two statements. */
const ORDER_MATTERS = new Set(['23505', '23P01'])
/** Changes that are applied one by one travel together, so many. */
const ONE_BY_ONE = 500

/**
 * Applies changes inside a transaction that ends with the receipt: the position moves with the rows or not at all. Parts of a
 * transaction of the source that is larger than memory are parts of one transaction here, too.
 */
export class Applier {
  readonly #destination: Session
  readonly #run: string
  readonly #path: SearchPath
  readonly #tables: ReadonlyMap<number, TableThere>
  #receipt: Lsn
  #open = false
  #changes = 0
  #healed = 0
  /** The part before has left its savepoint. */
  #marked = false

  /** @param destination a pipelined session, of which nobody else asks anything */
  constructor(
    destination: Session,
    run: string,
    path: SearchPath,
    tables: ReadonlyMap<number, TableThere>,
    receipt: Lsn,
  ) {
    this.#destination = destination
    this.#run = run
    this.#path = path
    this.#tables = tables
    this.#receipt = receipt
  }

  /** Everything that ends before it is committed here. */
  get receipt(): Lsn {
    return this.#receipt
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** A part: applied, and not yet committed. @throws SampanError FOLLOW_ROWS_MISSING, FOLLOW_ROW_REFUSED */
  async apply(operations: readonly Operation[]): Promise<void> {
    if (operations.length === 0) return
    const folded = fold(operations).flatMap((step) => statementsOf(step, this.#tables))
    // One flight, the transaction's beginning included: over a distance each is a round trip.
    const opening = this.#begin()
    this.#changes += operations.length
    const marks = this.#marked ? ['RELEASE SAVEPOINT part', 'SAVEPOINT part'] : ['SAVEPOINT part']
    this.#marked = true
    try {
      await this.#all([...opening, ...marks.map((text) => this.#destination.execute(text))], folded)
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError) || !ORDER_MATTERS.has(thrown.sqlState ?? '')) throw refused(thrown)
      this.#healed += 1
      await this.#destination.execute('ROLLBACK TO SAVEPOINT part')
      await this.#inOrder(operations)
    }
  }

  /** The receipt, and COMMIT. @param to where the last transaction of the source that was applied ends */
  async commit(to: Lsn): Promise<void> {
    const opening = this.#begin()
    const move = { from: lsnText(this.#receipt), to: lsnText(to), changes: this.#changes, healed: this.#healed }
    try {
      // Where the receipt is not to be moved the server refuses that, and COMMIT behind it rolls back.
      await settled([...opening, moveReceipt(this.#destination, this.#run, move), this.#destination.execute('COMMIT')])
    } catch (thrown) {
      throw refused(thrown)
    }
    this.#receipt = to
    this.#open = false
    this.#marked = false
    this.#changes = 0
    this.#healed = 0
  }

  /** What is asked first, where no transaction is open. The caller sends its own behind it, and waits for all. */
  #begin(): readonly Promise<unknown>[] {
    if (this.#open) return []
    this.#open = true
    return [
      this.#destination.execute('BEGIN'),
      fenceRun(this.#destination, this.#run),
      holdReceipt(this.#destination, this.#run, lsnText(this.#receipt)),
      // Expressions of the user's, of generated columns and checks, were written for the source's path.
      this.#destination.execute(`SET CONSTRAINTS ALL DEFERRED; SET LOCAL search_path = ${this.#path}`),
    ]
  }

  async #inOrder(operations: readonly Operation[]): Promise<void> {
    for (let from = 0; from < operations.length; from += ONE_BY_ONE) {
      const some = operations.slice(from, from + ONE_BY_ONE)
      try {
        await this.#all(
          [],
          some.flatMap((one) => fold([one])).flatMap((step) => statementsOf(step, this.#tables)),
        )
      } catch (thrown) {
        throw refused(thrown)
      }
    }
  }

  /** Sent together, judged in their order. */
  async #all(first: readonly Promise<unknown>[], statements: readonly Statement[]): Promise<void> {
    const counts = await settled([
      ...first,
      ...statements.map(({ text, values }) => this.#destination.change(text, values)),
    ])
    for (const [index, { rows, title }] of statements.entries()) {
      const touched = counts[first.length + index]
      if (rows !== null && touched !== rows) throw missing(title, rows, Number(touched ?? 0))
    }
  }
}

/** All answers, or the first refusal in the order of sending: those behind it only say that the transaction is aborted. */
async function settled<Answer>(asked: readonly Promise<Answer>[]): Promise<Answer[]> {
  const answers = await Promise.allSettled(asked)
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  })
}

function missing(title: string, wanted: number, touched: number): SampanError {
  return new SampanError({
    code: 'FOLLOW_ROWS_MISSING',
    message: `${title}: changes of ${wanted} rows found ${touched} on the destination, which is not as the source was`,
    remedy:
      'nothing of the transaction was applied: find out who writes to the destination, empty its database and begin a new run',
  })
}

/** A value or row that the destination does not take. It is tried again: what keeps it out, such as a label that an enum lacks, can be mended. */
function refused(thrown: unknown): unknown {
  if (!(thrown instanceof DatabaseError) || !/^(22|23|42)/.test(thrown.sqlState ?? '')) return thrown
  return new SampanError({
    code: 'FOLLOW_ROW_REFUSED',
    message: `the destination does not take a change of the source: ${thrown.message}`,
    remedy:
      'nothing of the transaction was applied: make on the destination what the source has since (ALTER TYPE … ADD VALUE for a new label of an enum); it is tried again while the retry window is open',
    retryable: true,
    cause: thrown,
  })
}
