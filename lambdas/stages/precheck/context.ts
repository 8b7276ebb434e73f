import type { Instances } from '../../core/cloud/instances.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { isCancelled, type Side } from '../../core/postgres/errors.ts'
import type { Environment } from '../../core/runtime/environment.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { TaskDatabase } from '../../core/task/databases.ts'
import { type Selection, selectionOf } from '../../core/task/selection.ts'
import type { CheckDescription } from './check-description.ts'
import type { Connection, DatabaseConnections } from './sessions.ts'

/**
 * `prerequisite`: something found elsewhere stands in the way. `unknown`: the facts are not to be had; nothing is wrong.
 * `failed`: the check broke, and stands in the way as its finding would.
 * `irrelevant`: the question does not arise in this task, so nothing is shown.
 */
export type WhyNot = 'prerequisite' | 'unknown' | 'failed' | 'irrelevant'

/** Thrown by a check that cannot be asked: neither passed nor a finding. */
export class CannotRun extends Error {
  readonly why: WhyNot

  constructor(why: WhyNot, message: string) {
    super(message)
    this.name = 'CannotRun'
    this.why = why
  }
}

/**
 * What a check may use. The sessions are pipelined: checks run side by side, their queries travel together, and the number
 * of round trips does not grow with the number of checks.
 */
export interface CheckContext {
  readonly event: StepEvent
  readonly environment: Environment
  /** The database in question; for a check of scope `task` the first one that was reached. */
  readonly database: TaskDatabase
  readonly selection: Selection
  readonly connections: DatabaseConnections
  /** In the source database. @throws CannotRun */
  readonly source: Session
  /** In the destination database. @throws CannotRun, also where the database is still to be made */
  readonly destination: Session
  /** In the destination database, or in `postgres` where that is still to be made. @throws CannotRun */
  readonly destinationServer: Session
  /** True where the destination database does not exist. @throws CannotRun where the server is not reached */
  readonly destinationMissing: boolean
  /** What the clouds told when access was opened. @throws CannotRun where they were not asked */
  readonly instances: Instances
  /** What `ofEach` of the check told, of all databases in turn. @throws CannotRun where it could not tell of one */
  ofEachDatabase(): readonly number[]
  /** All checks there are. */
  readonly checks: readonly CheckDescription[]
  /** Opens one more session to the same database; it is closed with the others. */
  openAnother(side: Side): Promise<Session>
  /** Loads a fact once for all checks of this database. */
  fact<Fact>(load: (context: CheckContext) => Promise<Fact>): Promise<Fact>
}

export interface ContextParts {
  readonly event: StepEvent
  readonly environment: Environment
  readonly database: TaskDatabase
  readonly connections: DatabaseConnections
  readonly instances: Instances | null
  /** For checks of scope `task`. */
  readonly ofEachDatabase?: () => readonly number[]
  readonly checks: readonly CheckDescription[]
  openAnother(side: Side): Promise<Session>
}

export function createContext(parts: ContextParts): CheckContext {
  const facts = new Map<unknown, Promise<unknown>>()
  const { source, destination } = parts.connections
  const context: CheckContext = {
    event: parts.event,
    environment: parts.environment,
    database: parts.database,
    connections: parts.connections,
    selection: selectionOf(parts.database),
    ofEachDatabase: () => parts.ofEachDatabase?.() ?? [],
    checks: parts.checks,
    openAnother: (side) => parts.openAnother(side),
    get source() {
      return connected(source, 'source')
    },
    get destination() {
      const session = connected(destination, 'destination')
      if (context.destinationMissing) {
        throw new CannotRun('unknown', 'the destination database does not exist yet: there is nothing in it to look at')
      }
      return session
    },
    get destinationServer() {
      return connected(destination, 'destination')
    },
    get destinationMissing() {
      connected(destination, 'destination')
      return destination.kind === 'open' && destination.missing
    },
    get instances() {
      if (parts.instances === null) throw new CannotRun('irrelevant', 'neither side is given as a cloud’s instance')
      return parts.instances
    },
    fact<Fact>(load: (context: CheckContext) => Promise<Fact>) {
      const known = facts.get(load) as Promise<Fact> | undefined
      if (known !== undefined) return known
      // A fact that throws at once (no connection) is a rejection like any other.
      const loading = Promise.resolve().then(() => load(context))
      facts.set(load, loading)
      // Whoever asks again shall have it loaded again.
      loading.catch((thrown: unknown) => isCancelled(thrown) && facts.delete(load))
      return loading
    },
  }
  return context
}

function connected(connection: Connection, side: Side): Session {
  if (connection.kind === 'open') return connection.session
  throw new CannotRun('prerequisite', `there is no connection to the ${side}`)
}
