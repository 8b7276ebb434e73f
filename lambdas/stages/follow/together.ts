import { artefacts } from '../../core/cloud/artefacts.ts'
import { failedDatabases } from '../../core/cloud/database-errors.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { type Decision, readDecision, tellDecision, withdrawDecision } from '../../core/ledger/cutover.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { Follower } from './follower.ts'

const POLL_MILLISECONDS = 100
const FAILED_MILLISECONDS = 10_000

/** All databases of the run, this one among them. */
interface Others {
  readonly count: number
  readonly failed: () => Promise<readonly { readonly name: string; readonly code: string }[]>
}

/**
 * The cutover of several databases is one decision, which stands in the ledger of the task's first one: each locks its source, has its last
 * changes, keeps what its source has come to, and says so; the last one of them has it agreed, and until then any of them can have
 * it withdrawn. A statement on one row decides, so no database goes on as cut over while another one follows.
 */
export class Together {
  readonly #first: Session
  readonly #run: string
  readonly #database: string
  readonly #others: Others
  #asked = Number.NEGATIVE_INFINITY
  #told = false

  private constructor(first: Session, run: string, database: string, others: Others) {
    this.#first = first
    this.#run = run
    this.#database = database
    this.#others = others
  }

  /** @returns null where the run has one database: its own ledger decides */
  static async open(event: StepEvent, step: StepTools): Promise<Together | null> {
    const store = artefacts(step.environment)
    const { databases } = await wholeTask(store, event)
    const [first] = databases
    if (first === undefined || databases.length === 1) return null
    const { name, as } = first
    const options = { purpose: 'follow-decision', signal: step.signal }
    const session = await openDestination({ ...event, database: { name, as } }, step.environment, options)
    const failed = () => failedDatabases(store, event.run, databases)
    return new Together(session, event.run.id, event.database?.name ?? '', { count: databases.length, failed })
  }

  /** All databases are cut over, or will be, whatever happens. */
  async isAgreed(): Promise<boolean> {
    return (await readDecision(this.#first, this.#run))?.state === 'agreed'
  }

  /** @returns false where it is agreed already */
  async withdraw(why: string): Promise<boolean> {
    return (await withdrawDecision(this.#first, this.#run, `${this.#database}: ${why}`))?.state !== 'agreed'
  }

  /** This one has its changes: waits until all have theirs. @returns why not */
  async arrive(follower: Follower, step: StepTools, until: number): Promise<string | null> {
    const missing = ({ wanted, arrived }: Decision) =>
      `of ${wanted} databases ${arrived.length} were ready in time (follow.cutoverSeconds): ${arrived.join(', ')}`
    const asked = await readDecision(this.#first, this.#run)
    if (asked !== null && asked.state !== 'agreed' && asked.wanted !== this.#others.count)
      return `it was asked for ${asked.wanted} of the run’s ${this.#others.count} databases: give sampan cutover the task of the run`
    let known = await tellDecision(this.#first, this.#run, this.#database, 'arrived')
    for (;;) {
      const why = whyNot(known)
      if (why !== null || known === null) return why
      if (known.state === 'agreed' || known.arrived.length >= known.wanted) return null
      if (step.signal.aborted || performance.now() > until) return missing(known)
      await follower.step(POLL_MILLISECONDS, true)
      known = await readDecision(this.#first, this.#run)
    }
  }

  /** This one is through: waits until all are. @returns why not */
  async agree(follower: Follower, step: StepTools): Promise<string | null> {
    let known = await tellDecision(this.#first, this.#run, this.#database, 'digested')
    for (;;) {
      const why = whyNot(known)
      if (why !== null || known?.state === 'agreed') return why
      if (step.signal.aborted) return 'the other databases were not digested before the call’s time was used'
      await follower.step(POLL_MILLISECONDS, true)
      known = await readDecision(this.#first, this.#run)
    }
  }

  /** Where another database has failed, none can be cut over any more: that is told at once, not when the writers are stopped. */
  async tellFailed(control: Session): Promise<void> {
    if (this.#told || performance.now() - this.#asked < FAILED_MILLISECONDS) return
    this.#asked = performance.now()
    const failed = await this.#others.failed()
    if (failed.length === 0) return
    this.#told = true
    const named = failed.map(({ name, code }) => `${name} (${code})`).join(', ')
    const message = `${named} failed, so no database of this run can be cut over: stop it, mend what is said, and start the task again`
    await writeEvents(control, this.#run, [{ level: 'warning', step: 'Follow', code: 'FOLLOW_OTHER_FAILED', message }])
  }

  close(): Promise<void> {
    return this.#first.close()
  }
}

function whyNot(decision: Decision | null): string | null {
  if (decision === null) return 'it was not asked for by sampan cutover'
  return decision.state === 'withdrawn' ? (decision.why ?? 'another database gave it up') : null
}
