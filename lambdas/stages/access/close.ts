import type { AccessEntry } from '../../core/documents/access.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { closeRules } from './close-rules.ts'
import { closeWhitelist, type WhitelistOf } from './close-whitelist.ts'
import { nameOf, removalOf } from './entry.ts'
import { othersTagged } from './others-tagged.ts'
import { RecordKeeper } from './record.ts'
import { dropGroups, mayMakeGroups } from './temporary-groups.ts'
import { type AccessTools, LOCAL_STACK, stackOf, storeOf } from './tools.ts'

/** Where to look besides the places the record names: a record may have been lost. */
export interface CloseHints {
  readonly regions: readonly string[]
  readonly whitelists: readonly WhitelistOf[]
  /** Somebody has asked for it: addresses in the run's whitelist group go that no record names. @default false */
  readonly wholeGroup?: boolean
}

export interface Closed {
  /** Entries closed by this call. */
  readonly closed: number
}

/**
 * Closes what one execution opened, and nothing else: what its record names and what carries its tag or its group's name.
 * Goes on past a failure, so that one cloud that does not answer keeps nothing open in the other. May be called any number
 * of times, by the workflow, the status rule and the sweep.
 * @throws SampanError `ACCESS_LEFT_OPEN` naming what is open and how to remove it by hand; retryable while it may pass.
 *   `ACCESS_RECORD_UNREADABLE`: what is known without the record is closed. `ACCESS_RECORD_UNWRITTEN`: all is closed
 */
export async function closeAccess(run: RunIdentity, hints: CloseHints, tools: AccessTools): Promise<Closed> {
  const keeper = await RecordKeeper.openToClose(storeOf(tools), run, stackOf(tools.environment), tools.clock)
  await keeper.beginClosing()
  const isLocal = stackOf(tools.environment) === LOCAL_STACK
  const { intended, opened, closed: before } = keeper.record
  const entries = [...intended, ...opened]
  const regions = new Set([
    ...hints.regions,
    ...entries.flatMap((entry) => (entry.kind === 'security-group-rule' ? [entry.region] : [])),
  ])
  const whitelists = new Map(
    [...hints.whitelists, ...entries.filter((entry) => entry.kind === 'whitelist-entry')].map((one) => [
      one.instance,
      { region: one.region, instance: one.instance },
    ]),
  )

  const left: AccessEntry[] = []
  const errors: SampanError[] = []
  const attempt = async (close: Promise<readonly AccessEntry[]>) => {
    try {
      left.push(...(await close))
    } catch (error) {
      tools.signal.throwIfAborted()
      errors.push(toSampanError(error))
    }
  }
  for (const region of regions) {
    await attempt(closeRules(region, run.execution, keeper, tools))
    if (mayMakeGroups(tools)) await attempt(dropGroups(region, run.execution, tools).then(() => []))
  }
  // A question that is not answered has made closing the rules fail already.
  const others = isLocal ? await othersTagged(run, regions, tools).catch(() => []) : []
  const whitelistHints = { isShared: others.length > 0, wholeGroup: hints.wholeGroup ?? false }
  for (const where of whitelists.values()) await attempt(closeWhitelist(where, run, keeper, tools, whitelistHints))

  if (left.length > 0 || errors.length > 0) throw leftOpen(left, errors, keeper)
  if (keeper.unreadable !== null) throw keeper.unreadable
  // Nothing was ever opened or noted: there is no record to write.
  if (keeper.isStored || keeper.record.opened.length > 0) await keeper.finish()
  if (keeper.unwritten !== null) throw unwritten(keeper.unwritten)
  const count = keeper.record.closed.length - before.length
  if (count > 0) tools.logger.info('ACCESS_CLOSED', { count })
  return { closed: Math.max(0, count) }
}

/** All is closed: what is said of it is out of date, and the next start of the run looks once more. */
function unwritten(why: SampanError): SampanError {
  return new SampanError({
    code: 'ACCESS_RECORD_UNWRITTEN',
    message: `all that was opened is closed, but its record cannot be written (${why.code}: ${why.message})`,
    remedy: why.remedy,
    retryable: why.retryable,
    kind: why.kind,
    cause: why,
  })
}

/** What could not be asked about counts as open: the record says what it was. */
function leftOpen(left: readonly AccessEntry[], errors: readonly SampanError[], keeper: RecordKeeper): SampanError {
  const open = left.length > 0 ? left : [...keeper.record.open, ...keeper.record.intended]
  const what = open.map(nameOf).join('; ') || 'what was opened could not be looked up'
  const why = errors.map((error) => `${error.code}: ${error.message}`).join('; ')
  return new SampanError({
    code: 'ACCESS_LEFT_OPEN',
    message: `still open: ${what}${why ? ` (${why})` : ''}`,
    remedy: [...new Set(open.map(removalOf))].join('; ') || (errors[0]?.remedy ?? 'start the step again'),
    retryable: errors.every((error) => error.retryable),
    kind: errors.some((error) => error.kind === 'connection') ? 'connection' : 'other',
    cause: errors[0],
  })
}
