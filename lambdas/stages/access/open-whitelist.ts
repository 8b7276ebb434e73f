import { createHash } from 'node:crypto'
import { type Apsara, type ApsaraInstance, apsara } from '../../core/cloud/apsara.ts'
import type { AccessEntry } from '../../core/documents/access.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { openRuns } from './open-runs.ts'
import { type RecordKeeper, readRecord } from './record.ts'
import { settled } from './settle.ts'
import { type AccessTools, expiryOf, LOCAL_STACK, stackOf, storeOf } from './tools.ts'
import { whitelistRefusal } from './whitelist-refusal.ts'

/**
 * The whitelist group of one run of one stack. Its name is what a tag is elsewhere: it is found again by it. Of the run, not of
 * the execution: a group can be emptied but not removed, and an instance takes 200.
 */
export function whitelistGroup(stack: string, run: string): string {
  const digest = createHash('sha256').update(`${stack} ${run}`).digest('hex').slice(0, 8)
  return `sampan_${digest}`
}

/** What an emptied group holds: the last entry of a group cannot be deleted. */
export const NOBODY = '127.0.0.1'

/** A whitelist takes IPv4 only, and the endpoints have no other: the API's `SecurityIPType` has the one value `IPv4`. */
export const isWhitelistable = (block: string): boolean => !block.includes(':')

/** The whitelist shows single addresses without their prefix. */
export const whitelisted = (cidr: string): string => cidr.replace(/\/32$/, '')

/**
 * Puts the workers' addresses into a whitelist group of the run's own; other groups are neither changed nor counted
 * on. Waits until reading shows them; that they let somebody in, about a minute later, is the precheck's to see.
 * @throws SampanError `ACCESS_WHITELIST_UNSETTLED`, `DST_WHITELIST_FULL`, `DST_INSTANCE_LOCKED`, Alibaba errors
 */
export async function openWhitelist(
  destination: ApsaraInstance,
  blocks: readonly string[],
  run: RunIdentity,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<void> {
  const door = apsara(tools.environment, destination.region, destination.instance, tools.signal)
  const cidrs = blocks.filter(isWhitelistable)
  if (cidrs.length > 0) await openGroup(door, destination, run, cidrs, keeper, tools)
}

async function openGroup(
  door: Apsara,
  destination: ApsaraInstance,
  run: RunIdentity,
  cidrs: readonly string[],
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<void> {
  const group = whitelistGroup(stackOf(tools.environment), run.id)
  const present = async () => (await door.ipArrays()).find((one) => one.name === group)?.addresses ?? []
  const strange = await strangersOf(present, new Set(cidrs.map(whitelisted)), run, keeper, tools)
  const entries = cidrs.map((cidr) => ({
    ...entryOf(destination, group, cidr, tools),
    existedBefore: strange.has(whitelisted(cidr)),
  }))
  await keeper.intend(entries)
  const missing = async () => {
    const there = await present()
    return cidrs.map(whitelisted).filter((address) => !there.includes(address))
  }
  let refused: SampanError | null = null
  const shown = await settled(tools, async () => {
    const addresses = await missing()
    if (addresses.length === 0) return true
    refused = await append(door, destination, group, addresses)
    return (await missing()).length === 0
  })
  if (!shown) throw await neverShown(door, group, destination, (await missing()).length, refused)
  await keeper.remember(entries)
  tools.logger.info('ACCESS_WHITELIST_OPENED', { group, count: entries.length })
}

/**
 * Of the workers' addresses those that stand there already and that no execution known here has meant to put there. On one machine they are those of an execution that writes its
 * documents elsewhere, and may be at work: they stay until somebody sweeps. A stack keeps all documents in one place.
 */
async function strangersOf(
  present: () => Promise<readonly string[]>,
  wanted: ReadonlySet<string>,
  run: RunIdentity,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<ReadonlySet<string>> {
  if (stackOf(tools.environment) !== LOCAL_STACK) return new Set()
  const standing = (await present()).filter((address) => wanted.has(address))
  if (standing.length === 0) return new Set()
  const store = storeOf(tools)
  const others = (await openRuns(store)).filter(({ id, execution }) => id === run.id && execution !== run.execution)
  const records = await Promise.all(others.map((other) => readRecord(store, other).catch(() => null)))
  const known = [keeper.record, ...records].flatMap((record) =>
    record === null ? [] : [...record.intended, ...record.opened].filter(({ existedBefore }) => !existedBefore),
  )
  const meant = new Set(known.map(({ cidr }) => whitelisted(cidr ?? '')))
  const strange = standing.filter((address) => !meant.has(address))
  if (strange.length > 0) {
    const message = `${strange.join(', ')} stood in the run’s whitelist group before, by an execution that writes its documents elsewhere or by a person, and stays`
    await keeper.note([{ code: 'ACCESS_WHITELIST_STOOD', message }])
  }
  return new Set(strange)
}

/**
 * "Duplicate" may mean that the addresses are there already: reading decides, and asks again where they are not.
 * @returns such a refusal, to be told where reading never shows them
 */
async function append(
  door: Apsara,
  { instance }: ApsaraInstance,
  group: string,
  addresses: readonly string[],
): Promise<SampanError | null> {
  try {
    await door.modifySecurityIps(group, 'Append', addresses)
    return null
  } catch (thrown) {
    if (!(thrown instanceof SampanError)) throw thrown
    if (door.isDuplicate(thrown)) return thrown
    throw await whitelistRefusal(door, instance, group, addresses.length, thrown)
  }
}

async function neverShown(
  door: Apsara,
  group: string,
  destination: ApsaraInstance,
  missing: number,
  refused: SampanError | null,
): Promise<SampanError> {
  const why = refused && (await whitelistRefusal(door, destination.instance, group, missing, refused))
  return why === null || why === refused ? unsettled(group, destination, refused) : why
}

function unsettled(group: string, destination: ApsaraInstance, refused: SampanError | null): SampanError {
  const why = refused ? `: ${refused.message}` : ''
  return new SampanError({
    code: 'ACCESS_WHITELIST_UNSETTLED',
    message: `the whitelist group ${group} of ${destination.instance} does not show the addresses added to it${why}`,
    remedy: 'the step looks again; look at the whitelist groups of the instance, which must be Running, in its console',
    retryable: true,
    cause: refused,
  })
}

function entryOf(destination: ApsaraInstance, group: string, cidr: string, tools: AccessTools): AccessEntry {
  return {
    kind: 'whitelist-entry',
    region: destination.region,
    group,
    instance: destination.instance,
    ruleId: null,
    cidr,
    sourceGroup: null,
    port: null,
    purpose: 'workers',
    openedAt: tools.clock().toISOString(),
    expiresAt: expiryOf(tools),
    existedBefore: false,
  }
}
