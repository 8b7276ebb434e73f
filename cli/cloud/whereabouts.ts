import { awsCall } from '../../lambdas/core/cloud/aws-errors.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import { startOf } from '../../lambdas/core/task/start.ts'
import type { Scope } from '../../statemachine/asl.ts'
import { drawnStates } from '../../statemachine/edges.ts'
import { toDefinition } from '../../statemachine/migration.ts'
import type { StateMachine } from './state-machine.ts'

/** The state that an execution is in, by its own name. */
export interface Whereabouts {
  readonly state: string
  readonly since: Date
}

export interface RunWhereabouts {
  /** `null` before the first state. */
  readonly run: Whereabouts | null
  /** How many databases have come to an end, of those begun or waiting; `null` before them and after. */
  readonly databases: { readonly ended: number; readonly total: number } | null
  /** Where each database that goes on is; at most ten. */
  readonly running: readonly (Whereabouts & {
    readonly database: string
    /** Its own execution. */
    readonly arn: string
  })[]
}

/** Databases are migrated four at once; room for those that begin while this looks. */
const MOST_DATABASES = 10
/** Pages of 1,000 events: a history has 25 of them at most. */
const MOST_PAGES = 25

/**
 * Where a running execution is: Step Functions' own history of it, and of its databases, which are executions of their own.
 * @param input its own input: the databases' executions know their places in the task's list alone
 * @throws SampanError an AWS error, such as AWS_PERMISSION_MISSING
 */
export async function whereIs(machine: StateMachine, executionArn: string, input: string): Promise<RunWhereabouts> {
  const { whole, database } = statesToLookFor()
  const run = await latestState(machine, executionArn, whole)
  if (run?.state !== 'Databases') return { run, databases: null, running: [] }
  const { client, sdk } = machine
  // With onDatabaseError "stop" the databases come one after the other, each in a map run of its own.
  const { mapRuns } = await awsCall('list the databases', () =>
    client.send(new sdk.ListMapRunsCommand({ executionArn })),
  )
  const mapRunArn = mapRuns?.toSorted((one, other) => Number(other.startDate) - Number(one.startDate))[0]?.mapRunArn
  if (mapRunArn === undefined) return { run, databases: null, running: [] }
  const [{ itemCounts }, { executions }] = await Promise.all([
    awsCall('count the databases', () => client.send(new sdk.DescribeMapRunCommand({ mapRunArn }))),
    awsCall('list the databases', () =>
      client.send(new sdk.ListExecutionsCommand({ mapRunArn, statusFilter: 'RUNNING', maxResults: MOST_DATABASES })),
    ),
  ])
  const total = itemCounts?.total ?? 0
  const ended = total - (itemCounts?.pending ?? 0) - (itemCounts?.running ?? 0)
  const names = databaseNames(input)
  const running = await Promise.all(
    (executions ?? []).map(async ({ executionArn: child = '', startDate = new Date() }) => ({
      ...((await latestState(machine, child, database)) ?? { state: 'beginning', since: startDate }),
      database: await databaseOf(machine, child, names),
      arn: child,
    })),
  )
  return { run, databases: { ended, total }, running }
}

/** The states a reader knows from the picture, without their helpers that wait and judge. */
function statesToLookFor(): { readonly whole: ReadonlySet<string>; readonly database: ReadonlySet<string> } {
  const definition = toDefinition()
  const databases = definition.States.Databases
  return {
    whole: namesOf(definition),
    database: databases?.Type === 'Map' ? namesOf(databases.ItemProcessor) : new Set(),
  }
}

function namesOf(scope: Scope): ReadonlySet<string> {
  const working = drawnStates(scope).filter(([, { Type }]) => /^(Task|Map|Parallel)$/.test(Type))
  return new Set(working.map(([name]) => name))
}

/** The state of `names` that was entered last, and when first of all: a step is entered again at each of its calls. */
async function latestState(
  { client, sdk }: StateMachine,
  executionArn: string,
  names: ReadonlySet<string>,
): Promise<Whereabouts | null> {
  let nextToken: string | undefined
  let found: Whereabouts | null = null
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const command = new sdk.GetExecutionHistoryCommand({
      executionArn,
      reverseOrder: true,
      includeExecutionData: false,
      maxResults: 1000,
      ...(nextToken === undefined ? {} : { nextToken }),
    })
    const { events, nextToken: next } = await awsCall('read the history', () => client.send(command))
    for (const { stateEnteredEventDetails, timestamp } of events ?? []) {
      const state = stateEnteredEventDetails?.name
      if (state === undefined || timestamp === undefined || !names.has(state)) continue
      if (found !== null && found.state !== state) return found
      found = { state, since: timestamp }
    }
    if (next === undefined) return found
    nextToken = next
  }
  return found
}

function databaseNames(input: string): readonly unknown[] {
  const { task } = startOf(JSON.parse(input))
  const databases = isRecord(task) ? task.databases : null
  return Array.isArray(databases) ? databases.map((database: unknown) => isRecord(database) && database.name) : []
}

async function databaseOf(
  { client, sdk }: StateMachine,
  executionArn: string,
  names: readonly unknown[],
): Promise<string> {
  const command = new sdk.DescribeExecutionCommand({ executionArn })
  const { input, name } = await awsCall('read the execution of a database', () => client.send(command))
  const event: unknown = JSON.parse(input ?? 'null')
  const database = isRecord(event) && typeof event.place === 'number' ? names[event.place] : null
  return typeof database === 'string' ? database : (name ?? '')
}
