import { z } from 'zod'

/**
 * Something opened, or to be opened: a rule of an EC2 security group, or an entry of an ApsaraDB whitelist group.
 */
const accessEntrySchema = z.object({
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

const closedEntrySchema = accessEntrySchema.extend({
  closedAt: z.string(),
  /** `gone`: somebody else had removed it. `handed-over`: another execution uses it and removes it. */
  how: z.enum(['revoked', 'gone', 'handed-over']),
})

/** An event worth telling: lists that differ, blocks left out, rules that stood already. */
const noteSchema = z.object({ code: z.string(), message: z.string() })

/** `access.json`: what an execution opened and closed. The report shows it; the sweep works by it. */
export const accessRecordSchema = z.object({
  version: z.literal(1),
  run: z.string(),
  execution: z.string(),
  /** The deployed stack, `local` on one machine. */
  stack: z.string(),
  notes: z.array(noteSchema),
  /** Written before it is opened. After a crash an intended entry may stand or not. */
  intended: z.array(accessEntrySchema),
  /** Everything this execution relied on, with what stood before. */
  opened: z.array(accessEntrySchema),
  closed: z.array(closedEntrySchema),
  /** Opened by this execution and not closed. Empty at the end. */
  open: z.array(accessEntrySchema),
  updatedAt: z.string(),
  /** When closing began. From then on nothing is opened any more, and what was under way is taken back by who opens it. */
  closingSince: z.string().nullable(),
  /** When everything was verified to be closed. */
  closedAt: z.string().nullable(),
})

export type AccessRecord = z.output<typeof accessRecordSchema>
export type ClosedEntry = z.output<typeof closedEntrySchema>
export type AccessNote = z.output<typeof noteSchema>
