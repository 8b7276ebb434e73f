import { openSource } from '../../../core/postgres/sessions.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import { describeChange } from '../../../core/stream/identities.ts'
import { type Judgement, judgeTables } from '../../../core/stream/judge.ts'
import { streamName } from '../../../core/stream/names.ts'
import { serverObstacles } from '../../../core/stream/server.ts'
import { type Check, count, findingOf } from '../check.ts'
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
    const { event, source } = context
    const names = event.task.databases.map((database) => streamName({ ...event, database }))
    const found = [...(await serverObstacles(source, names))]
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
  title: 'every chosen table can be followed: logged, published by its owner, and its rows can be told from each other',
  cause:
    'tables cannot be followed; published without a usable identity, UPDATE and DELETE would fail on the source itself',
  remedy: 'mend what is said of each table, or exclude it, or stop the writers and use mode migrate',
  async run(context) {
    const { obstacles } = await judged(context)
    return findingOf(
      obstacles.map(({ table, why }) => `${table}: ${why}`),
      (number) => `${count(number, 'table')} cannot be followed`,
    )
  },
}

export const followChangesIdentity: Check = {
  code: 'FOLLOW_CHANGES_IDENTITY',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'no table of the source needs another replica identity to be followed',
  cause:
    'tables get another REPLICA IDENTITY on the source while they are followed: without one their UPDATE and DELETE would fail; each is locked for a moment',
  remedy:
    'acknowledge this code where that may be done and undone, FULL for tables with much WAL to spare; or give them a primary key, or exclude them',
  async run(context) {
    const { changes } = await judged(context)
    return findingOf(changes.map(describeChange), (number) => `${count(number, 'table')} to be given another identity`)
  },
}

async function judged(context: CheckContext): Promise<Judgement> {
  requireFollowing(context)
  return context.fact(judgement)
}

async function judgement(context: CheckContext): Promise<Judgement> {
  const tables = (await context.fact(chosenRelations)).filter(({ kind }) => kind === 'r')
  return judgeTables(
    context.source,
    tables.map(({ oid }) => oid),
  )
}
