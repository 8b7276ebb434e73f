import type pg from 'pg'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import type { TestDatabase } from './servers.ts'

/** The plans of all that a statement runs, in functions too; what it does is rolled back. */
export async function plansOf(database: TestDatabase, sql: string) {
  const client = await database.connect()
  return plansOn(
    client,
    (text) => client.query(text),
    () => client.query(sql),
  )
}

/** The plans of what is asked on a session of the product's own; what it does is rolled back. */
export function plansOfSession(session: Session, ask: () => Promise<unknown>) {
  return plansOn(session.client, (text) => session.execute(text), ask)
}

async function plansOn(client: pg.Client, execute: (text: string) => Promise<unknown>, ask: () => Promise<unknown>) {
  const plans: string[] = []
  client.on('notice', ({ message }) => {
    // Behind the text of the query.
    if (message?.startsWith('duration:')) plans.push(message.slice(message.search(/^.*\(cost=/m)))
  })
  await execute(`LOAD 'auto_explain'; SET client_min_messages = log; SET auto_explain.log_analyze = on;
    SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; BEGIN`)
  await ask()
  await execute('ROLLBACK')
  return plans
}
