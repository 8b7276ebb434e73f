/** A name for an execution on this machine, such as `orders-20261123T130512Z`: at most 80 characters, as on AWS. */
export function newExecutionName(task: string, now: Date = new Date()): string {
  return `${task}-${now.toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}`
}
