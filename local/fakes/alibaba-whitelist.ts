import { type AlibabaAnswer, accepted, type FakeApsaraInstance, refusal } from './alibaba.ts'

/**
 * An instance takes 200 groups, and 1,000 addresses and blocks in all of them together.
 * https://www.alibabacloud.com/help/en/rds/apsaradb-rds-for-postgresql/api-rds-2014-08-15-modifysecurityips-postgresql
 */
const FULL = ['InvalidSecurityIps.Duplicate', 'The quota of security ip exceeds.'] as const

/** `ModifySecurityIps`, in one go. */
export function modifySecurityIps(instance: FakeApsaraInstance, text: (name: string) => string): AlibabaAnswer {
  if (instance.status !== 'Running') return refusal(403, 'IncorrectDBInstanceState')
  if (instance.lockMode !== 'Unlock')
    return refusal(403, 'OperationDenied.LockMode', 'The operation is not permitted when the instance locked.')
  // The real defaults, dangerous as they are.
  const name = text('DBInstanceIPArrayName') || 'default'
  const mode = text('ModifyMode') || 'Cover'
  if (!/^[a-z][a-z0-9_]{0,30}[a-z0-9]$/.test(name)) return refusal(400, 'InvalidDBInstanceIPArrayName.Format')
  const given = text('SecurityIps')
    .split(',')
    .filter((one) => one !== '')
  if (given.length === 0) return refusal(400, 'InvalidSecurityIPList.Format')
  // The reference names no other value.
  if ((text('SecurityIPType') || 'IPv4') !== 'IPv4') return refusal(400, 'InvalidSecurityIPType.Malformed')
  if (given.some((one) => one.includes(':'))) return refusal(400, 'InvalidSecurityIPList.Format')
  const network = text('WhitelistNetworkType') || 'MIX'
  const group = instance.ipArrays.get(name)
  if (!group && mode === 'Delete') return refusal(404, 'InvalidDBInstanceIPArrayName.NotFound')
  if (!group && instance.ipArrays.size >= 200) return refusal(400, ...FULL)
  const present = group?.addresses ?? []
  if (mode === 'Append' && given.some((one) => present.includes(one)))
    return refusal(400, 'InvalidSecurityIPList.Duplicate')
  const next =
    mode === 'Cover'
      ? given
      : mode === 'Append'
        ? [...present, ...given]
        : present.filter((one) => !given.includes(one))
  if (next.length === 0) return refusal(400, 'InvalidSecurityIPListLength.Malformed')
  const others = [...instance.ipArrays].filter(([key]) => key !== name)
  const altogether = others.reduce((sum, [, { addresses }]) => sum + addresses.length, next.length)
  if (altogether > 1000) return refusal(400, ...FULL)
  instance.before = new Map(
    [...instance.ipArrays].map(([key, each]) => [key, { ...each, addresses: [...each.addresses] }]),
  )
  instance.ipArrays.set(name, { attribute: group?.attribute ?? '', addresses: [...next], network })
  return accepted({ TaskId: '100000001' })
}

/** The items of `DescribeDBInstanceIPArrayList`. */
export function arraysOf(instance: FakeApsaraInstance) {
  const stale = instance.staleReads > 0
  if (stale) instance.staleReads -= 1
  return [...(stale ? instance.before : instance.ipArrays)].map(([name, group]) => ({
    DBInstanceIPArrayName: name,
    DBInstanceIPArrayAttribute: group.attribute,
    SecurityIPList: group.addresses.join(','),
    SecurityIPType: 'IPv4',
  }))
}
