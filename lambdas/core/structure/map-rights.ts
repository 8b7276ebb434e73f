import type { RoleMap } from '../task/roles.ts'
import { itemText, type ObjectRights, parseItem, type RightItem } from './rights.ts'

type Mappable = Pick<ObjectRights, 'kind' | 'identity' | 'owner' | 'acl'> & Partial<Pick<ObjectRights, 'columns'>>

/** The owner, the rights and whose default privileges they are, by the destination's names. */
function mapRights<Rights extends Mappable>(rights: Rights, map: RoleMap): Rights {
  const { kind, identity, owner, acl, columns } = rights
  return {
    ...rights,
    identity: kind === 'default privileges' ? mapCreator(identity, map) : identity,
    owner: owner === null ? null : map(owner),
    acl: mapItems(acl, map),
    ...(columns === undefined ? {} : { columns: mapItems(columns, map) }),
  }
}

function mapCreator(identity: string, map: RoleMap): string {
  const [creator, ...rest] = JSON.parse(identity) as readonly [string, ...string[]]
  return itemText([map(creator), ...rest] as never)
}

/** Of several roles that become one, what any of them may do; on giving it on the widest counts, as the server does it. */
function mapItems(items: readonly string[] | null, map: RoleMap): readonly string[] | null {
  if (items === null) return null
  const found = new Map<string, RightItem>()
  for (const item of items) {
    const [privilege, grantee, grantable, ...column] = parseItem(item)
    const whose = grantee.startsWith('r') ? `r${map(grantee.slice(1))}` : grantee
    const key = JSON.stringify([privilege, whose, ...column])
    found.set(key, [privilege, whose, grantable || (found.get(key)?.[2] ?? false), ...column] as RightItem)
  }
  return [...found.values()].map(itemText)
}

/** Default privileges of several roles that become one are given by that one, all of them. Pure. */
export function mapAllRights<Rights extends Mappable>(all: readonly Rights[], map: RoleMap): Rights[] {
  const defaults = new Map<string, Rights>()
  const mapped = all.map((one) => mapRights(one, map))
  for (const one of mapped.filter(({ kind }) => kind === 'default privileges')) {
    const before = defaults.get(one.identity)
    const acl = [...(before?.acl ?? []), ...(one.acl ?? [])]
    defaults.set(one.identity, before === undefined ? one : { ...before, acl: mapItems(acl, (role) => role) })
  }
  return [...mapped.filter(({ kind }) => kind !== 'default privileges'), ...defaults.values()]
}
