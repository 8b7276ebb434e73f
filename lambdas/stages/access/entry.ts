import type { AccessEntry } from '../../core/documents/access.ts'

/** What is opened, by its address: the same for an entry that is only intended and the one that came of it. */
export function keyOf(entry: AccessEntry): string {
  const { kind, region, group, instance, port } = entry
  const at = kind === 'whitelist-entry' ? instance : String(port)
  return [kind, region, group, at, entry.cidr ?? entry.sourceGroup].join(' ')
}

/** The entry in words, for messages. */
export function nameOf(entry: AccessEntry): string {
  const peer = entry.cidr ?? entry.sourceGroup ?? ''
  if (entry.kind === 'whitelist-entry') return `${peer} in whitelist group ${entry.group} of ${entry.instance}`
  return `${peer} to port ${entry.port} in ${entry.group}${entry.ruleId ? ` (${entry.ruleId})` : ''}`
}

/** How a person removes it. */
export function removalOf(entry: AccessEntry): string {
  if (entry.kind === 'whitelist-entry') {
    return `in the ApsaraDB console set whitelist group ${entry.group} of ${entry.instance} to 127.0.0.1`
  }
  const rule = entry.ruleId ?? '<rule id>'
  return `aws ec2 revoke-security-group-ingress --region ${entry.region} --group-id ${entry.group} --security-group-rule-ids ${rule}`
}
