import type { Relation } from '../../lambdas/core/ledger/relation.ts'
import { readRelations } from '../../lambdas/core/ledger/relations.ts'
import { destinationPath, readRun } from '../../lambdas/core/ledger/run.ts'
import { type PlannedStatement, readPlannedStatements } from '../../lambdas/core/ledger/story/planned-statements.ts'
import { OWN_PATH, type SearchPath } from '../../lambdas/core/postgres/search-path.ts'
import { openDestination, openSource } from '../../lambdas/core/postgres/sessions.ts'
import { readRowEstimates } from '../../lambdas/core/rows/row-estimates.ts'
import { readEnvironment } from '../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'

/** What the plan of one database comes to, as its ledger has it. */
export interface DatabasePlan {
  /** On the source. */
  readonly name: string
  /** On the destination. */
  readonly as: string
  readonly statements: readonly PlannedStatement[]
  readonly relations: readonly Relation[]
  /** About how many rows the relations have, by oid; nothing of what the source has never analyzed. */
  readonly rows: ReadonlyMap<number, number>
  /** Under which statements run that evaluate expressions of the user's. */
  readonly searchPath: SearchPath
  /** The same in the destination’s names. */
  readonly destinationSearchPath: SearchPath
  /** `server_version_num` of the destination. */
  readonly destinationVersion: number
  /** An earlier start of the run has completed it: nothing is left to do. */
  readonly sealed: boolean
}

/** Reads the plan that PlanObjects and PlanCopy have written, while the way to both servers is open. */
export async function readDatabasePlan(event: StepEvent, signal?: AbortSignal): Promise<DatabasePlan> {
  const { database, run } = event
  if (database === null) throw new TypeError('a plan is of a database')
  const options = { purpose: 'plan', pipeline: true, ...(signal ? { signal } : {}) }
  const destination = await openDestination(event, readEnvironment(), options)
  try {
    const [row, statements, relations] = await Promise.all([
      readRun(destination, run.id),
      readPlannedStatements(destination, run.id),
      readRelations(destination, run.id),
    ])
    const source = await openSource(event, readEnvironment(), options)
    try {
      const oids = relations.map(({ oid }) => oid)
      const rows = await readRowEstimates(source, oids)
      const { serverVersion: destinationVersion } = destination
      const searchPath = row.source.searchPath ?? OWN_PATH
      const destinationSearchPath = destinationPath(row.source)
      const names = { name: database.name, as: database.as, searchPath, destinationSearchPath }
      return { ...names, statements, relations, rows, destinationVersion, sealed: row.state === 'sealed' }
    } finally {
      await source.close()
    }
  } finally {
    await destination.close()
  }
}
