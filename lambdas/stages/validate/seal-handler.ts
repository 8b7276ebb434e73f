import { compare, wasNotCreated } from '../../core/ledger/comparisons.ts'
import { storeDifferences } from '../../core/ledger/differences.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { readChangedTables } from '../../core/ledger/objects/changed-tables.ts'
import { readEmptiedTables } from '../../core/ledger/objects/emptied-tables.ts'
import { reopenFills } from '../../core/ledger/objects/fills.ts'
import { handOver, readBorrowed } from '../../core/ledger/objects/hand-over.ts'
import { readSequencesAgain } from '../../core/ledger/objects/sequences.ts'
import { requireOwnStart } from '../../core/ledger/other-start.ts'
import { relationTitle } from '../../core/ledger/relation.ts'
import { lockRun, sealRun } from '../../core/ledger/run.ts'
import { underWatch } from '../../core/ledger/step-watch.ts'
import { readWrittenTables } from '../../core/ledger/writes.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { listed } from '../../core/present/listed.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { type StepTools, stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more, type StepAnswer } from '../../core/runtime/verdict.ts'
import { changedTables, toldAsChanged } from '../../core/structure/changed.ts'
import { compareRights, type RightsDifference } from '../../core/structure/compare-rights.ts'
import { changedDefinitions, readChangedDefinitions } from '../../core/structure/definitions.ts'
import { goneObjects, markGone, readGone } from '../../core/structure/gone.ts'
import {
  type Accounts,
  type Breach,
  behindChanges,
  emptiedTables,
  findBreaches,
  readAccounts,
  withLargeObjects,
} from './breaches.ts'
import { changedSince } from './changed-since.ts'
import { countFilledViews } from './count-views.ts'
import { describeDifference } from './describe-difference.ts'
import { compareWritten } from './last-look.ts'
import { lookInto } from './look-into.ts'
import { rightsBreach, rightsEvents } from './rights.ts'

/** No batch of owners is begun with less time than this left. */
const LEAST_MILLISECONDS = 30_000

/**
 * Seal: the last judgement. Where every object, row and sequence is accounted for, objects get their owners, and the run is
 * closed for good; otherwise it fails with what is wrong, and is left open. A run that is sealed already is done.
 */
export const handler = stepHandler('Seal', async (event, step) => {
  const destination = await openDestination(event, step.environment, { purpose: 'seal', signal: step.signal })
  try {
    return await underWatch(event, step, { destination }, () =>
      toldAsChanged(destination, event.run.id, () => judgeAndSeal(destination, event, step)),
    )
  } finally {
    await destination.close()
  }
})

async function judgeAndSeal(destination: Session, event: StepEvent, step: StepTools): Promise<StepAnswer<null>> {
  if ((await requireOwnStart(destination, event.run)).state === 'sealed') return done()
  await readSequencesAgain(destination, event.run.id)
  // What is given away may be out of sight.
  if (!(await compareWritten(destination, event, step))) return more()
  if (!(await giveOwners(destination, event, step))) return more()
  const views = await countFilledViews(event, step, destination)
  const definitions = changedDefinitions(await readChangedDefinitions(destination, event.run.id))
  let judgement = await judge(destination, event)
  while (judgement.written) {
    if (!(await compareWritten(destination, event, step))) return more()
    judgement = await judge(destination, event)
  }
  const { accounts, breaches, rights } = judgement
  if (breaches.length === 0) {
    await noteCountsOnly(destination, event, accounts)
    await writeEvents(destination, event.run.id, [...views, ...definitions, ...rightsEvents(rights)])
    await writeEvents(destination, event.run.id, await changedSince(event, step, destination))
    return done()
  }
  const told = await explain(destination, event, step, accounts, breaches)
  await writeEvents(destination, event.run.id, rightsEvents(rights))
  throw asError(told)
}

/**
 * Gives objects to their owners, when nothing else is left: what the account gave away it may no longer look into.
 * @returns false where the time was used up before the end
 */
async function giveOwners(destination: Session, event: StepEvent, step: StepTools): Promise<boolean> {
  const run = event.run.id
  const accounts = await readAccounts(destination, run)
  const pending = accounts.objects.filter(({ forOwner, status }) => forOwner && status === 'pending')
  const others = { ...accounts, objects: accounts.objects.filter((object) => !pending.includes(object)) }
  if (pending.length === 0 || findBreaches(others, event.task).length > 0) return true
  // What is gone can be made anew as long as the account owns what it is on.
  for (const read of [readGone, readChangedTables, readEmptiedTables]) {
    if ((await read(destination, run)).length > 0) return true
  }
  while ((await handOver(destination, run)) > 0 || (await reopenFills(destination, run, 'own'))) {
    step.progressed()
    if (step.signal.aborted || step.remainingMilliseconds() < LEAST_MILLISECONDS) return false
  }
  const borrowed = await readBorrowed(destination, run)
  if (borrowed.length === 0) return true
  const message = `given back in the transaction that took it: ${listed(borrowed)}`
  await writeEvents(destination, run, [{ level: 'info', step: 'Seal', code: 'RIGHTS_BORROWED', message }])
  return true
}

interface Judgement {
  readonly accounts: Accounts
  readonly breaches: readonly Breach[]
  /** Asked where all else is right. */
  readonly rights: readonly RightsDifference[]
  /** All is right, but for what was written to since it was compared: nothing is sealed. */
  readonly written: boolean
}

/** Judges and seals in one transaction, behind every writer that was under way: none slips in between. */
async function judge(destination: Session, event: StepEvent): Promise<Judgement> {
  const run = event.run.id
  try {
    // One flight: the accounts are read when the lock is there.
    const [, , accounts] = await Promise.all([
      destination.execute('BEGIN'),
      lockRun(destination, run),
      readAccounts(destination, run),
      requireOwnStart(destination, event.run),
    ])
    const others = behindChanges(findBreaches(accounts, event.task), await readChanges(destination, run))
    const rights = others.length === 0 ? await compareRights(destination, run) : []
    const breaches = [...others, ...rightsBreach(rights, event.task)]
    const written = breaches.length === 0 && (await readWrittenTables(destination, run)).length > 0
    // What an earlier judgement found is no longer so.
    const sealed =
      breaches.length === 0 && !written ? [storeDifferences(destination, run, []), sealRun(destination, run)] : []
    await Promise.all([...sealed, destination.execute('COMMIT')])
    return { accounts, breaches, rights, written }
  } catch (thrown) {
    await destination.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}

/** What somebody else has dropped or cut since it was made, or the server has emptied. */
async function readChanges(destination: Session, run: string): Promise<readonly Breach[]> {
  const [gone, changed] = [await readGone(destination, run), await readChangedTables(destination, run)]
  const cut = changed.filter(({ columns }) => columns.length > 0)
  const emptied = await readEmptiedTables(destination, run)
  return [
    ...(gone.length > 0 ? [goneObjects(gone, await markGone(destination, run, gone))] : []),
    ...(cut.length > 0 ? [changedTables(cut)] : []),
    ...(emptied.length > 0 ? [emptiedTables(emptied)] : []),
  ]
}

/** Digests that were asked for after the rows had been copied without: said, not hidden behind an equal count. */
async function noteCountsOnly(destination: Session, event: StepEvent, { relations }: Accounts): Promise<void> {
  if (event.task.validation.mode !== 'full') return
  const counted = relations.filter((relation) => relation.sourceDigest === null && !wasNotCreated(relation))
  if (counted.length === 0) return
  const message = `${counted.length} tables were copied without digests, only their rows are counted: ${listed(counted.map(relationTitle))}`
  await writeEvents(destination, event.run.id, [{ level: 'warning', step: 'Seal', code: 'COUNTS_ONLY', message }])
}

/** @returns the breaches, with what the look into them has found */
async function explain(
  destination: Session,
  event: StepEvent,
  step: StepTools,
  accounts: Accounts,
  breaches: readonly Breach[],
): Promise<readonly Breach[]> {
  const run = event.run.id
  const different = accounts.relations.filter((one) => compare(one, event.task.validation.mode) === 'differs')
  const differences = await lookInto(event, step, different)
  const titles = new Map(different.map((relation) => [relation.oid, relationTitle(relation)]))
  const told = withLargeObjects(breaches, differences)
  await storeDifferences(destination, run, differences)
  await writeEvents(destination, run, [
    ...told.map(({ code, message }) => ({ level: 'error' as const, step: 'Seal', code, message })),
    ...differences.map((difference) => ({
      level: 'error' as const,
      step: 'Seal',
      code: 'ROWS_DIFFER',
      message: describeDifference(titles.get(difference.relation) ?? '', difference),
    })),
  ])
  return told
}

function asError(breaches: readonly Breach[]): SampanError {
  const [first, ...besides] = breaches
  if (first === undefined) throw new TypeError('no breach')
  const codes = besides.length === 0 ? '' : `; besides ${besides.map(({ code }) => code).join(', ')}`
  return new SampanError({ ...first, message: `${first.message}${codes}`, besides })
}
