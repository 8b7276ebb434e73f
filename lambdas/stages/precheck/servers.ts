import type { Session } from '../../core/postgres/connect.ts'
import type { TaskDatabase } from '../../core/task/databases.ts'
import type { Connection, DatabaseConnections } from './sessions.ts'

/** By what the checks of the servers are asked: source and destination may be of different databases. */
export interface Servers extends DatabaseConnections {
  /** That of the source. */
  readonly database: TaskDatabase
}

/** Chooses among the databases as they are reached: the first one of each side that is, there rather than still to be made. */
export class ChosenServers {
  private chosen: Servers | null = null
  private closed = false
  /** Of all that was ever chosen. */
  private readonly held = new Set<Session>()

  /** What is chosen so far. From now on it stays. @throws RangeError where nothing was offered */
  take(): Servers {
    this.closed = true
    if (this.chosen === null) throw new RangeError('no database was offered')
    return this.chosen
  }

  /** Whether nothing better can come. */
  get settled(): boolean {
    return this.chosen !== null && rankOf(this.chosen.source) === 2 && rankOf(this.chosen.destination) === 2
  }

  offer(database: TaskDatabase, { source, destination }: DatabaseConnections): void {
    if (this.closed) return
    this.chosen ??= { database, source, destination }
    if (rankOf(source) > rankOf(this.chosen.source)) this.chosen = { ...this.chosen, database, source }
    if (rankOf(destination) > rankOf(this.chosen.destination)) this.chosen = { ...this.chosen, destination }
    for (const session of sessionsOf(this.chosen)) this.held.add(session)
  }

  /** Whether its database must leave the session open. */
  holds(session: Session): boolean {
    return this.held.has(session)
  }

  /** Every session that is held. */
  sessions(): readonly Session[] {
    return [...this.held]
  }
}

/** The sessions that are open. */
export function sessionsOf({ source, destination }: DatabaseConnections): readonly Session[] {
  return [source, destination].flatMap((one) => (one.kind === 'open' ? [one.session] : []))
}

function rankOf(connection: Connection): number {
  if (connection.kind === 'failed') return 0
  return connection.missing ? 1 : 2
}
