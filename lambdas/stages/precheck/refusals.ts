import type { Side } from '../../core/postgres/errors.ts'
import type { Connection, DatabaseConnections } from './sessions.ts'

type Failed = Extract<Connection, { readonly kind: 'failed' }>

/**
 * Finds out once whether it is the server that refuses, for all of its databases alike, or a database for itself: of 2,000 that a server
 * has no connection for, each would be waited for. Its words do not tell: a login may be refused, and connections be counted, for either.
 */
export class Refusals {
  private readonly known = new Map<Side, Failed>()
  private readonly asking = new Map<Side, Promise<boolean>>()
  private readonly lets: (side: Side) => Promise<boolean>

  /** @param lets whether the server of a side lets somebody in, asked by another database of it */
  constructor(lets: (side: Side) => Promise<boolean>) {
    this.lets = lets
  }

  /** Looks whether what has failed for a database would fail for all. */
  async note(connections: DatabaseConnections): Promise<void> {
    for (const side of ['source', 'destination'] as const) {
      const connection = connections[side]
      if (connection.kind !== 'failed' || !connection.shared || !connection.tried || this.known.has(side)) continue
      // Those that failed beside each other ask once.
      const asking = this.asking.get(side) ?? this.lets(side)
      this.asking.set(side, asking)
      try {
        if (!(await asking)) this.known.set(side, connection)
      } finally {
        this.asking.delete(side)
      }
    }
  }

  /** How the first database was reached, or how all are refused since. */
  after(first: DatabaseConnections): DatabaseConnections {
    return {
      source: this.known.get('source') ?? first.source,
      destination: this.known.get('destination') ?? first.destination,
    }
  }
}
