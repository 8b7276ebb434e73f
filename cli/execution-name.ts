import { randomBytes } from 'node:crypto'

/** As on AWS. */
const LONGEST = 80

/**
 * A name for an execution on this machine, such as `orders-20261123T130512Z-9f31`: two of one task that are started at the same
 * second must not take each other for themselves.
 */
export function newExecutionName(task: string, now: Date = new Date()): string {
  const end = `-${now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${randomBytes(2).toString('hex')}`
  return `${task.slice(0, LONGEST - end.length)}${end}`
}
