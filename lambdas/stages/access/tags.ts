/** The tags of every rule Sampan adds: what survives a crash between adding a rule and remembering it. */
export interface RuleTags {
  /** Name, region and account of the stack; `local` on one machine. */
  readonly stack: string
  readonly run: string
  readonly execution: string
  /** ISO 8601. */
  readonly openedAt: string
  /** ISO 8601: from then on the sweep may remove the rule whatever its execution does. */
  readonly expiresAt: string
}

export const STACK_TAG = 'sampan:stack'
export const EXECUTION_TAG = 'sampan:execution'
/** On a security group, with the value `true`: its owner lets the runs of a stack add and remove rules in it. */
export const ALLOWED_TAG = 'sampan:allowed'
export const RUN_TAG = 'sampan:run'
/** With an execution's name behind it: that execution relies on the rule too. */
export const SHARED_TAG = 'sampan:shared:'

export function toTags(tags: RuleTags): Readonly<Record<string, string>> {
  return {
    [STACK_TAG]: tags.stack,
    [RUN_TAG]: tags.run,
    [EXECUTION_TAG]: tags.execution,
    'sampan:opened': tags.openedAt,
    'sampan:expires': tags.expiresAt,
  }
}

/** The tags of a rule, `null` where it is none of Sampan's. */
export function fromTags(tags: Readonly<Record<string, string>>): RuleTags | null {
  const execution = tags[EXECUTION_TAG]
  if (!execution) return null
  return {
    execution,
    stack: tags[STACK_TAG] ?? '',
    run: tags[RUN_TAG] ?? '',
    openedAt: tags['sampan:opened'] ?? '',
    expiresAt: tags['sampan:expires'] ?? '',
  }
}

/** What a sharing execution writes down: enough to make the rule its own. */
export function sharingOf(tags: RuleTags): string {
  return `${tags.run} ${tags.expiresAt}`
}

/** Who comes after a rule's own execution: one that relies on it too, and the tags that make the rule its own. */
export interface Heir {
  readonly execution: string
  readonly tags: Readonly<Record<string, string>>
}

export function heirOf(tags: Readonly<Record<string, string>>, execution: string): Heir | null {
  for (const [key, value] of Object.entries(tags)) {
    const other = key.startsWith(SHARED_TAG) ? key.slice(SHARED_TAG.length) : execution
    if (other === execution) continue
    const [run = '', expires = ''] = value.split(' ')
    return { execution: other, tags: { [RUN_TAG]: run, [EXECUTION_TAG]: other, 'sampan:expires': expires } }
  }
  return null
}
