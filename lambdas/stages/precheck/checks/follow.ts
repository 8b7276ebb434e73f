import { openSource } from '../../../core/postgres/sessions.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import { obstaclesOf } from '../../../core/stream/judge.ts'
import { streamName } from '../../../core/stream/names.ts'
import { serverObstacles } from '../../../core/stream/server.ts'
import { type Check, count, findingOf, passed } from '../check.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { chosenRelations } from '../facts/relations.ts'

function requireFollowing({ event }: CheckContext): void {
  if (event.task.follow === undefined) throw new CannotRun('irrelevant', 'the task does not follow its source')
}

export const followRefused: Check = {
  code: 'FOLLOW_REFUSED',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'the source can be followed: logical decoding is on, slots are free, and the account may replicate',
  cause: 'something of the source as a whole keeps its changes from being followed',
  remedy: 'mend what is said of it, or stop the writers and use mode migrate',
  async run(context) {
    requireFollowing(context)
    const { event, database, source } = context
    const found = [...(await serverObstacles(source, streamName(event.run.id, database.name)))]
    if (source.serverVersion >= 100_000) found.push(...(await whyNoWalsender(context)))
    return findingOf(found, (number) => `${count(number, 'thing')} of the source in the way of following it`)
  },
}

/** The right to replicate, and whether pg_hba lets a walsender in, is found out by being one. */
async function whyNoWalsender({ event, environment, database }: CheckContext): Promise<readonly string[]> {
  const { name, as } = database
  try {
    const options = { purpose: 'stream', replication: true }
    const sender = await openSource({ ...event, database: { name, as } }, environment, options)
    await sender.close()
    return []
  } catch (thrown) {
    const { message } = toSampanError(thrown)
    return [
      `the source account may not replicate: ${message}; ALTER ROLE … REPLICATION, on RDS GRANT rds_replication to it`,
    ]
  }
}

export const followTablesRefused: Check = {
  code: 'FOLLOW_TABLES_REFUSED',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'every chosen table can be followed: a primary key, logged, and published by its owner',
  cause: 'tables cannot be followed; published without a usable key, UPDATE and DELETE would fail on the source itself',
  remedy: 'mend what is said of each table, or exclude it, or stop the writers and use mode migrate',
  async run(context) {
    requireFollowing(context)
    const tables = (await context.fact(chosenRelations)).filter(({ kind }) => kind === 'r')
    if (tables.length === 0) return passed
    const obstacles = await obstaclesOf(
      context.source,
      tables.map(({ oid }) => oid),
    )
    return findingOf(
      obstacles.map(({ table, why }) => `${table}: ${why}`),
      (number) => `${count(number, 'table')} cannot be followed`,
    )
  },
}
