import { AlibabaError } from '../cloud/alibaba-errors.ts'
import { type Apsara, apsara } from '../cloud/apsara.ts'
import type { AccessEntry } from './entry.ts'
import { NOBODY, whitelisted, whitelistGroup } from './open-whitelist.ts'
import type { ClosedEntry, RecordKeeper } from './record.ts'
import { settled } from './settle.ts'
import type { AccessTools } from './tools.ts'

export interface WhitelistOf {
  readonly region: string
  readonly instance: string
}

/**
 * Empties the execution's own whitelist groups on one instance. Other groups are not touched. An instance that is gone has
 * nothing open.
 * @returns what is still open
 */
export async function closeWhitelist(
  where: WhitelistOf,
  execution: string,
  keeper: RecordKeeper,
  tools: AccessTools,
): Promise<readonly AccessEntry[]> {
  const door = apsara(tools.environment, where.region, where.instance, tools.signal)
  const { intended, opened } = keeper.record
  const known = [...opened, ...intended].filter(
    (entry) => entry.kind === 'whitelist-entry' && entry.instance === where.instance,
  )
  const left: AccessEntry[] = []
  for (const family of [4, 6] as const) {
    const group = whitelistGroup(execution, family)
    const before = await addressesOf(door, group)
    const entries = before
      .filter((address) => address !== NOBODY[family])
      .map((address) => entryOf(address, group, where, known, tools))
    if (entries.length > 0) await empty(door, group, family)
    let standing: readonly string[] = []
    await settled(tools, async () => {
      standing = (await addressesOf(door, group)).filter((address) => address !== NOBODY[family])
      return standing.length === 0
    })
    const isStanding = (entry: AccessEntry) => standing.includes(whitelisted(entry.cidr ?? ''))
    const gone = entries.filter((entry) => !isStanding(entry))
    await keeper.remember(gone.filter((entry) => !opened.includes(entry)))
    await keeper.closed([
      ...gone.map((entry) => closedEntry(entry, 'revoked', tools)),
      ...removedByOthers(keeper, where, group, entries).map((entry) => closedEntry(entry, 'gone', tools)),
    ])
    left.push(...entries.filter(isStanding))
  }
  return left
}

/** The last entry of a group cannot be deleted, so the group, our own, is overwritten with an address of nobody. */
async function empty(door: Apsara, group: string, family: 4 | 6): Promise<void> {
  await door.modifySecurityIps(group, 'Cover', [NOBODY[family]])
}

async function addressesOf(door: Apsara, group: string): Promise<readonly string[]> {
  try {
    return (await door.ipArrays()).find((one) => one.name === group)?.addresses ?? []
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function isGone(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return [error, cause].some((one) => one instanceof AlibabaError && one.gone)
}

/** Recorded as open, but not in the group any more before we came. */
function removedByOthers(
  keeper: RecordKeeper,
  where: WhitelistOf,
  group: string,
  present: readonly AccessEntry[],
): readonly AccessEntry[] {
  const addresses = new Set(present.map((entry) => entry.cidr))
  return keeper.record.open.filter(
    (entry) =>
      entry.kind === 'whitelist-entry' &&
      entry.instance === where.instance &&
      entry.group === group &&
      !addresses.has(entry.cidr),
  )
}

function closedEntry(entry: AccessEntry, how: ClosedEntry['how'], tools: AccessTools): ClosedEntry {
  return { ...entry, closedAt: tools.clock().toISOString(), how }
}

function entryOf(
  address: string,
  group: string,
  where: WhitelistOf,
  known: readonly AccessEntry[],
  tools: AccessTools,
): AccessEntry {
  const found = known.find((entry) => entry.group === group && whitelisted(entry.cidr ?? '') === address)
  if (found) return found
  const now = tools.clock().toISOString()
  return {
    kind: 'whitelist-entry',
    region: where.region,
    group,
    instance: where.instance,
    ruleId: null,
    cidr: address,
    sourceGroup: null,
    port: null,
    purpose: 'workers',
    openedAt: now,
    expiresAt: now,
    existedBefore: false,
  }
}
