import { z } from 'zod'

/**
 * Something opened, or to be opened: a rule of an EC2 security group, or an entry of an ApsaraDB whitelist group.
 */
export const accessEntrySchema = z.object({
  kind: z.enum(['security-group-rule', 'whitelist-entry']),
  region: z.string(),
  /** The security group's id; the whitelist group's name. */
  group: z.string(),
  /** The database instance it lets in to. */
  instance: z.string(),
  /** `null` for a whitelist entry, and for a rule that is only intended. */
  ruleId: z.string().nullable(),
  /** The block let in, `null` where a security group is. */
  cidr: z.string().nullable(),
  /** The security group let in, `null` where a block is. */
  sourceGroup: z.string().nullable(),
  /** `null` for a whitelist entry, which holds for every port. */
  port: z.int().nullable(),
  /** Whom it is for. */
  purpose: z.enum(['dts', 'workers']),
  openedAt: z.string(),
  expiresAt: z.string(),
  /** It stood before: not added by this execution, never removed by it. */
  existedBefore: z.boolean(),
})

export type AccessEntry = z.output<typeof accessEntrySchema>

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
