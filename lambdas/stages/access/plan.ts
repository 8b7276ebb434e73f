import type { IngressRule, RulePeer } from '../../core/cloud/security-groups.ts'
import { SampanError } from '../../core/runtime/errors.ts'

/** One security group of the instance with the inbound rules it has now. */
export interface GroupState {
  readonly id: string
  readonly rules: readonly IngressRule[]
  /** EC2 takes no more rules, whatever these come to. */
  readonly full?: boolean
}

/** Who is to come in, and whom that is for. */
export interface Wanted {
  readonly peer: RulePeer
  readonly purpose: 'dts' | 'workers'
}

export interface AccessWish {
  /** Whether a rule with these tags was added by this execution. */
  readonly isOwn: (tags: IngressRule['tags']) => boolean
  readonly port: number
  /** In the instance's order: the first is used, the others where it is full. */
  readonly groups: readonly GroupState[]
  readonly wanted: readonly Wanted[]
  /** Inbound rules a group may have, IPv4 and IPv6 each: 60 unless the account's quota was raised. */
  readonly rulesPerGroup: number
}

export interface AccessPlan {
  /** To be added. */
  readonly add: readonly { readonly group: string; readonly wanted: Wanted }[]
  /** Added by this execution already: by an attempt before this one. */
  readonly ours: readonly { readonly rule: IngressRule; readonly wanted: Wanted }[]
  /** Stood before: never added again, never removed. */
  readonly existing: readonly { readonly rule: IngressRule; readonly wanted: Wanted }[]
  /** What finds no room in any of the groups. */
  readonly overflow: readonly Wanted[]
}

/**
 * Decides which rules to add. Pure. A rule counts as there only if it is identical (tcp, the one port, the same peer) in
 * any of the groups; a broader one is not relied on, since its owner may remove it while the run goes on.
 */
export function planAccess(wish: AccessWish): AccessPlan {
  const add: { group: string; wanted: Wanted }[] = []
  const ours: { rule: IngressRule; wanted: Wanted }[] = []
  const existing: { rule: IngressRule; wanted: Wanted }[] = []
  const room = new Map(wish.groups.map((group) => [group.id, roomIn(group, wish.rulesPerGroup)]))
  const overflow: Wanted[] = []
  for (const wanted of distinct(wish.wanted)) {
    const rule = identical(wish, wanted)
    if (rule) (wish.isOwn(rule.tags) ? ours : existing).push({ rule, wanted })
    else {
      const group = wish.groups.find(({ id }) => takeRoom(room.get(id), wanted.peer))
      if (group) add.push({ group: group.id, wanted })
      else overflow.push(wanted)
    }
  }
  return { add, ours, existing, overflow }
}

/** @throws SampanError `ACCESS_QUOTA_EXCEEDED` with the figures, before anything is opened */
export function requireRoom(wish: AccessWish, plan: AccessPlan): void {
  if (plan.overflow.length > 0) throw full(wish, plan.overflow.length)
}

/** The same peer for two purposes is one rule; the first purpose names it. */
function distinct(wanted: readonly Wanted[]): readonly Wanted[] {
  const byPeer = new Map<string, Wanted>()
  for (const one of wanted) if (!byPeer.has(peerText(one.peer))) byPeer.set(peerText(one.peer), one)
  return [...byPeer.values()]
}

/** Own rules first: where somebody added the same rule to another group, ours stays ours. */
function identical(wish: AccessWish, wanted: Wanted): IngressRule | undefined {
  const same = wish.groups
    .flatMap((group) => group.rules)
    .filter(
      (rule) =>
        rule.protocol === 'tcp' &&
        rule.fromPort === wish.port &&
        rule.toPort === wish.port &&
        rule.peer !== null &&
        peerText(rule.peer) === peerText(wanted.peer),
    )
  return same.find((rule) => wish.isOwn(rule.tags)) ?? same[0]
}

export const peerText = (peer: RulePeer): string => (peer.kind === 'block' ? peer.cidr : peer.group)

interface Room {
  v4: number
  v6: number
}

/** IPv4 and IPv6 are counted apart; a rule for a group or a prefix list counts in both. */
function roomIn(group: GroupState, limit: number): Room {
  if (group.full) return { v4: 0, v6: 0 }
  const room = { v4: limit, v6: limit }
  for (const rule of group.rules) {
    if (counts(rule.peer, 'v4')) room.v4 -= 1
    if (counts(rule.peer, 'v6')) room.v6 -= 1
  }
  return room
}

function takeRoom(room: Room | undefined, peer: RulePeer): boolean {
  if (!room || (counts(peer, 'v4') && room.v4 < 1) || (counts(peer, 'v6') && room.v6 < 1)) return false
  if (counts(peer, 'v4')) room.v4 -= 1
  if (counts(peer, 'v6')) room.v6 -= 1
  return true
}

function counts(peer: RulePeer | null, family: 'v4' | 'v6'): boolean {
  return peer?.kind !== 'block' || peer.cidr.includes(':') === (family === 'v6')
}

function full(wish: AccessWish, left: number): SampanError {
  const groups = wish.groups.map(({ id, rules }) => `${id} has ${rules.length} of ${wish.rulesPerGroup}`).join(', ')
  return new SampanError({
    code: 'ACCESS_QUOTA_EXCEEDED',
    message: `${left} of ${wish.wanted.length} inbound rules find no room: ${groups || 'the instance has no security group'}`,
    remedy:
      'remove rules, raise the quota "Inbound or outbound rules per security group" (and SAMPAN_RULES_PER_GROUP), allow temporary groups, or set access.dtsCidrs to "none"',
  })
}
