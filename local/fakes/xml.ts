/** A value as XML: objects become elements, arrays repeat `item` (or the name given), nothing where undefined. */
export function xml(value: unknown, item = 'item'): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map((one) => `<${item}>${xml(one)}</${item}>`).join('')
  if (typeof value !== 'object') return escapeXml(String(value))
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .map(([name, inner]) => `<${name}>${Array.isArray(inner) ? xml(inner, memberName(name)) : xml(inner)}</${name}>`)
    .join('')
}

/** RDS names the members of its lists; EC2 says `item` (its lists end in `Set`). */
function memberName(list: string): string {
  const members: Readonly<Record<string, string>> = {
    DBInstances: 'DBInstance',
    DBClusters: 'DBCluster',
    DBClusterMembers: 'DBClusterMember',
    VpcSecurityGroups: 'VpcSecurityGroupMembership',
    DBParameterGroups: 'DBParameterGroup',
    Subnets: 'Subnet',
    Contents: 'Contents',
  }
  return members[list] ?? 'item'
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** `Filter.1.Value.2=x` as `{Filter: [{Value: [undefined, 'x']}]}`, indexes from 1 as AWS Query counts them. */
export function nested(flat: URLSearchParams): Tree {
  const root: Tree = {}
  for (const [key, value] of flat) {
    const path = key.split('.')
    let node = root
    for (const part of path.slice(0, -1)) {
      const next = node[part]
      const child: Tree = typeof next === 'object' ? next : {}
      node[part] = child
      node = child
    }
    node[path.at(-1) ?? ''] = value
  }
  return root
}

export interface Tree {
  [key: string]: string | Tree
}

/** The members of a list that came as `{1: …, 2: …}`. */
export function listOf(node: string | Tree | undefined): readonly (string | Tree)[] {
  if (node === undefined || typeof node === 'string') return []
  return Object.entries(node)
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, value]) => value)
}

export function textOf(node: string | Tree | undefined, name: string): string | undefined {
  const value = typeof node === 'object' ? node[name] : undefined
  return typeof value === 'string' ? value : undefined
}

export function treeOf(node: string | Tree | undefined, name: string): Tree | undefined {
  const value = typeof node === 'object' ? node[name] : undefined
  return typeof value === 'object' ? value : undefined
}
