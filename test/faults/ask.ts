import pg from 'pg'
import type { Login } from '../support/run.ts'

/** A connection that nobody takes for one of the run. */
export async function enter(login: Login, database: string): Promise<pg.Client> {
  const { host, port, user, password } = login
  const client = new pg.Client({
    ...{ host, port, user, password, database },
    application_name: 'judge',
    types: { getTypeParser: () => (text: string) => text },
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Runs SQL on a connection of its own, several statements at once if need be; the last result's rows, all values text. */
export async function ask(
  login: Login,
  database: string,
  sql: string,
): Promise<readonly Record<string, string | null>[]> {
  const client = await enter(login, database)
  try {
    const result: unknown = await client.query(sql)
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult | undefined
    return (last?.rows ?? []) as Record<string, string | null>[]
  } finally {
    await client.end()
  }
}
