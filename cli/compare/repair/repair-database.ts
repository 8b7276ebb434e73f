import { writeEvents } from '../../../lambdas/core/ledger/events.ts'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import type { Counting } from '../../../lambdas/core/ledger/objects/sequences.ts'
import { readPresence } from '../../../lambdas/core/ledger/presence.ts'
import { isLargeObjects, type Relation, titleOf } from '../../../lambdas/core/ledger/relation.ts'
import { readRelations } from '../../../lambdas/core/ledger/relations.ts'
import {
  beginRepair,
  endRepair,
  fenceRepair,
  requireRepairSql,
  storeRepairs,
  type TableRepair,
} from '../../../lambdas/core/ledger/repairs.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { openDestination, openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { BEGIN_VIEW } from '../../../lambdas/core/postgres/snapshot.ts'
import { inTransaction } from '../../../lambdas/core/postgres/transaction.ts'
import { rowsOf, tableOf } from '../../../lambdas/core/rows/select.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { copyServers } from '../../../lambdas/stages/copy/lane/servers.ts'
import { furthest } from '../../../lambdas/stages/schema/sequences/ahead.ts'
import { readStandings } from '../../../lambdas/stages/schema/sequences/standings.ts'
import { readSequences, setSequences } from '../../../lambdas/stages/schema/sequences/values.ts'
import type { Ends } from '../ends.ts'
import type { Work } from '../prepare.ts'
import type { Item } from '../read-ranges.ts'
import type { Tools } from '../tools.ts'
import { lockParents, requireKeys } from './foreign-keys.ts'
import { requireUnwritten } from './loses-rows.ts'
import { requireRepairable, writeAsReplica } from './obstacles.ts'
import { reloadTable } from './reload-table.ts'
import { repairTable, requireTellable } from './repair-rows.ts'

/** Somebody who uses a table is not waited for longer. */
const LOCK_SECONDS = 10

export interface Repaired {
  readonly tables: readonly TableRepair[]
  readonly sequences: number
}

/** The ranges of tables that differ. */
export interface Differing {
  readonly relation: Item['relation']
  readonly items: readonly Item[]
}

/**
 * Makes what differs in a migrated database the source's: rows in one transaction of the destination, by one view of the source, with
 * their receipts; then sequences, forward. Nobody else writes to these tables meanwhile, and the run stays sealed to its own starts.
 * @param requireLossless asked behind what no option allows
 * @throws SampanError REPAIR_…, and then nothing was written
 */
export async function repairDatabase(
  event: StepEvent,
  work: Work,
  differing: readonly Differing[],
  { environment, signal, question }: Tools,
  requireLossless: () => void,
): Promise<Repaired> {
  if (work.scope.renames !== null) throw renamed(event.run.id)
  const options = { purpose: 'repair', signal, pipeline: true }
  const destination = await openDestination(event, environment, options)
  const open: Session[] = [destination]
  try {
    await requireRun(destination, event)
    await migrateLedger(destination)
    if (!(await beginRepair(destination, event.run))) throw notSealed(event.run.id)
    const source = await openSource(event, environment, options)
    open.push(source)
    await requireNoneBeside(
      destination,
      event.run.id,
      differing.map(({ relation }) => relation),
    )
    requireLossless()
    // Asked before anybody is kept waiting, and once more behind the locks: between the two somebody may write.
    const requireStill = async (): Promise<void> => {
      if (question.losesRows) return
      await requireUnwritten(
        destination,
        event.run.id,
        differing.map(({ relation }) => relation),
      )
    }
    await requireStill()
    const wholeTables = question.repair === 'tables'
    const tables = await repairRows(event, { source, destination }, work, differing, { wholeTables, requireStill })
    const sequences = question.tables.length === 0 ? await repairSequences(event, { source, destination }) : 0
    await endRepair(destination, event.run)
    return { tables, sequences }
  } finally {
    await Promise.all(open.map((session) => session.close()))
  }
}

async function repairRows(
  event: StepEvent,
  ends: Ends,
  work: Work,
  differing: readonly Differing[],
  { wholeTables, requireStill }: { readonly wholeTables: boolean; readonly requireStill: () => Promise<void> },
): Promise<readonly TableRepair[]> {
  const { source, destination } = ends
  const tables = differing.filter(({ relation }) => !isLargeObjects(relation))
  if (tables.length === 0) return []
  const relations = tables.map(({ relation }) => relation)
  await requireSameRows(destination, event.run.id, relations)
  const servers = copyServers(source, destination, event.task, {
    ...{ serverVersion: source.serverVersion, encoding: '', database: '' },
    searchPath: work.scope.searchPath,
  })
  await source.execute(BEGIN_VIEW)
  try {
    await source.execute(`SET LOCAL search_path = ${work.scope.searchPath}`)
    if (!wholeTables) await requireTellable(source, relations, work.scope.partly)
    const mend = wholeTables ? reloadTable : repairTable
    return await inTransaction(destination, async () => {
      await fenceRepair(destination, event.run.id)
      const asReplica = await writeAsReplica(destination)
      await requireRepairable(destination, relations, asReplica)
      await destination.execute(
        `SET LOCAL lock_timeout = '${LOCK_SECONDS}s'; SET LOCAL search_path = ${work.scope.searchPath}`,
      )
      for (const { destination: end } of relations) {
        await destination.execute(`LOCK TABLE ${end.tree ? tableOf(end) : rowsOf(end)} IN SHARE ROW EXCLUSIVE MODE`)
      }
      await requireStill()
      const repairs: TableRepair[] = []
      for (const { relation, items } of tables) repairs.push(await mend(ends, relation, items, servers))
      if (asReplica) {
        await lockParents(destination, relations)
        await requireKeys(destination, relations)
      }
      await storeRepairs(destination, event.run, repairs)
      await writeEvents(destination, event.run.id, repairs.map(repairEvent))
      return repairs
    })
  } finally {
    await source.execute('COMMIT').catch(() => {})
  }
}

function repairEvent({ schema, name, deleted, inserted }: TableRepair) {
  const message = `${schema}.${name}: ${deleted} rows deleted and ${inserted} copied again, behind the seal`
  return { level: 'warning', step: 'Repair', code: 'ROWS_REPAIRED', message } as const
}

/** Never back: behind the rows its next value would come twice. */
async function repairSequences(event: StepEvent, { source, destination }: Ends): Promise<number> {
  const run = event.run.id
  const standings = await readStandings(source, destination, run)
  const found = await readSequences(destination, standings)
  const due = standings.flatMap(({ schema, name, live, counting, ...standing }, at) => {
    const there = found[at]
    if (live === null || there === undefined || 'error' in there || isMet(counting)) return []
    const target = furthest({ ...standing, schema, name, counting, live, inView: null }, [there])
    const same = target === undefined || (target.lastValue === there.lastValue && target.isCalled === there.isCalled)
    return same ? [] : [{ schema, name, ...target }]
  })
  const failed = (await setSequences(destination, run, due, requireRepairSql(run))).find((one) => one !== null)
  if (failed) {
    throw new SampanError({
      code: 'REPAIR_SEQUENCES',
      message: `the rows are repaired, and a sequence could not be set: ${failed.error}`,
      remedy: 'give the destination’s account UPDATE on its sequences, then run the same command again',
    })
  }
  return due.length
}

/** One that begins anew by itself has no forward. */
const isMet = ({ cycles }: Counting) => cycles

async function requireRun(destination: Session, event: StepEvent): Promise<void> {
  const { run } = await readPresence(destination, event.run.id)
  if (run === null) {
    throw new SampanError({
      code: 'REPAIR_NO_RUN',
      message: `the destination has no ledger of a run ${event.run.id}: only what Sampan has migrated is repaired`,
      remedy: 'nothing was written: compare without --repair, or give the task that migrated this database',
    })
  }
  if (run.state !== 'sealed') throw notSealed(event.run.id)
}

/**
 * What was masked must not come in clear, nor what a filter or an exclusion has kept away. By names: a table that was made anew has
 * another oid.
 * @throws SampanError REPAIR_OTHER_ROWS
 */
async function requireSameRows(destination: Session, run: string, relations: readonly Relation[]): Promise<void> {
  const shape = ({ source, excluded = [] }: Relation) =>
    JSON.stringify([source.where, source.expressions, [...excluded].sort()])
  const nameOf = ({ source }: Relation) => JSON.stringify([source.schema, source.name])
  const ledger = await readRelations(destination, run)
  const migrated = new Map(ledger.map((relation) => [nameOf(relation), shape(relation)]))
  const others = relations.filter((relation) => migrated.get(nameOf(relation)) !== shape(relation))
  if (others.length === 0) return
  throw new SampanError({
    code: 'REPAIR_OTHER_ROWS',
    message: `the run has not migrated these tables, or by other filters, expressions or columns than the task has now: ${others.map(titleOf).join(', ')}`,
    remedy:
      'nothing was written: give the task as it was migrated by; what the run has not migrated is left out with --table',
  })
}

/**
 * Rows of others stay in these tables, whatever else may be lost.
 * @throws SampanError REPAIR_BESIDE
 */
async function requireNoneBeside(destination: Session, run: string, relations: readonly Relation[]): Promise<void> {
  const nameOf = ({ source }: Relation) => JSON.stringify([source.schema, source.name])
  const beside = new Set((await readRelations(destination, run)).filter((one) => one.beside).map(nameOf))
  const owned = relations.filter((relation) => beside.has(nameOf(relation)))
  if (owned.length > 0) throw rowsBeside(owned)
}

/** Whatever the source does not have would be deleted. */
function rowsBeside(relations: readonly Relation[]): SampanError {
  return new SampanError({
    code: 'REPAIR_BESIDE',
    message: `rows of the source came beside others into these tables ("conflicts": "ignore"), and what differs there may be somebody’s: ${relations.map(titleOf).join(', ')}`,
    remedy:
      'nothing was written: mend the rows that the comparison names by hand, with --values; other tables are repaired with --table',
  })
}

function notSealed(run: string): SampanError {
  return new SampanError({
    code: 'REPAIR_NOT_SEALED',
    message: `the run ${run} is not complete: its own start compares and copies what is open`,
    remedy: 'nothing was written: start the task again, and compare when it has succeeded',
  })
}

/** Sequences and foreign keys would have to be looked for under two names each. */
function renamed(run: string): SampanError {
  return new SampanError({
    code: 'REPAIR_RENAMED',
    message: `the task of ${run} gives other names on the destination, or leaves columns out: what differs is told, and not repaired`,
    remedy: 'nothing was written: mend the rows that the comparison names by hand, with --values',
  })
}
