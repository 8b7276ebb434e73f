import type { TestDatabase } from './servers.ts'

/** The plans of all that a statement runs, in functions too; what it does is rolled back. */
export async function plansOf(database: TestDatabase, sql: string) {
  const client = await database.connect()
  const plans: string[] = []
  client.on('notice', ({ message }) => {
    // Behind the text of the query.
    if (message?.startsWith('duration:')) plans.push(message.slice(message.search(/^.*\(cost=/m)))
  })
  await client.query(`LOAD 'auto_explain'; SET client_min_messages = log;
    SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; BEGIN`)
  await client.query(sql)
  await client.query('ROLLBACK')
  return plans
}
