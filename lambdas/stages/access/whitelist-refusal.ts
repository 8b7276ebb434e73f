import { AlibabaError } from '../../core/cloud/alibaba-errors.ts'
import type { Apsara, IpArray } from '../../core/cloud/apsara.ts'
import { lockOf } from '../../core/cloud/apsara-lock.ts'
import { SampanError } from '../../core/runtime/errors.ts'

/**
 * What one instance takes, in all groups together, those of Alibaba's own services too.
 * https://www.alibabacloud.com/help/en/rds/apsaradb-rds-for-postgresql/api-rds-2014-08-15-modifysecurityips-postgresql
 */
const MOST_GROUPS = 200
const MOST_ADDRESSES = 1_000

/**
 * Why addresses were not taken: the API's own words are those of a duplicate where the instance is full. The instance is asked, as it
 * is now.
 * @returns the error to be told
 */
export async function whitelistRefusal(
  door: Apsara,
  instance: string,
  group: string,
  added: number,
  refused: SampanError,
): Promise<SampanError> {
  if (!(refused instanceof AlibabaError) || refused.retryable) return refused
  const full = fullness(await door.ipArrays(), group, added)
  if (full !== null) return whitelistFull(instance, full, refused)
  const lock = lockOf((await door.describe()).lockMode)
  if (lock === null) return refused
  return new SampanError({
    code: 'DST_INSTANCE_LOCKED',
    message: `the ApsaraDB instance ${instance} ${lock.words}: its whitelist takes no change`,
    remedy: lock.remedy,
    cause: refused,
  })
}

/** @returns why there is no room for more addresses in a group, `null` where there is */
export function fullness(groups: readonly IpArray[], group: string, added: number): string | null {
  const addresses = groups.reduce((sum, one) => sum + one.addresses.length, 0)
  if (groups.length >= MOST_GROUPS && groups.every(({ name }) => name !== group))
    return `it has ${groups.length} of ${MOST_GROUPS} whitelist groups, and none for this run`
  if (addresses + added <= MOST_ADDRESSES) return null
  return `its whitelist groups have ${addresses} of ${MOST_ADDRESSES} addresses and blocks, and ${added} are wanted`
}

function whitelistFull(instance: string, full: string, cause: SampanError): SampanError {
  return new SampanError({
    code: 'DST_WHITELIST_FULL',
    message: `the whitelist of the ApsaraDB instance ${instance} is full: ${full}`,
    remedy:
      'in its console (Whitelist and SecGroup) join addresses into blocks, or remove groups that nobody needs; then start the task again',
    cause,
  })
}
