import { setTimeout as sleep } from 'node:timers/promises'
import type { TestDatabase } from './servers.ts'

/** Asks until something is found, as long as a slow machine may take. @throws Error where it never is */
export async function untilFound(database: TestDatabase, sql: string): Promise<void> {
  // One session: a new one for each question would take a processor by itself.
  const client = await database.connect()
  try {
    const until = performance.now() + 60_000
    while (performance.now() < until) {
      if ((await client.query(sql)).rows.length > 0) return
      await sleep(10)
    }
  } finally {
    await client.end()
  }
  throw new Error(`nothing found by ${sql}`)
}

/** Somebody waits for a lock in this database. */
export const SOMEBODY_WAITS = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

/** Keeps everybody away from a table. @returns what lets go of it */
export async function holdTable(database: TestDatabase, table: string): Promise<() => Promise<void>> {
  const client = await database.connect()
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  return async () => {
    await client.query('COMMIT')
    await client.end()
  }
}
