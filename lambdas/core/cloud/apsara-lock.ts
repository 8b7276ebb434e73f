/** Why an instance takes no changes, and what lifts that. */
export interface ApsaraLock {
  /** Completes "the ApsaraDB instance …". */
  readonly words: string
  readonly remedy: string
}

/**
 * The values that are documented for `LockMode`.
 * https://www.alibabacloud.com/help/en/rds/apsaradb-rds-for-postgresql/api-rds-2014-08-15-describedbinstanceattribute-postgresql
 */
const LOCKS: Readonly<Record<string, ApsaraLock>> = {
  ManualLock: {
    words: 'was locked by hand',
    remedy: 'ask in its account who has locked it and why, and have it unlocked (or by a ticket to Alibaba Cloud)',
  },
  LockByExpiration: {
    words: 'is locked because it has expired, or its account is in arrears',
    remedy: 'renew it, or settle the account: it is released some days later, with its data',
  },
  LockByRestoration: {
    words: 'is locked while it is being restored or rolled back',
    remedy: 'wait until that is done, and see whether it then has what you expect: it is another state of the data',
  },
  LockByDiskQuota: {
    words: 'is locked because its storage is full',
    remedy: 'enlarge its storage (Change Specifications), or switch on its automatic expansion',
  },
  LockReadInstanceByDiskQuota: {
    words: 'is a read-only instance whose storage is full',
    remedy: 'name the primary instance, not one that is read-only',
  },
  Released: {
    words: 'has been released',
    remedy: 'restore a backup of it to another instance, and name that one',
  },
}

/** @returns `null` where it is not locked */
export function lockOf(lockMode: string): ApsaraLock | null {
  if (lockMode === 'Unlock' || lockMode === '') return null
  const { words, remedy } = LOCKS[lockMode] ?? {
    words: 'is locked',
    remedy: 'see in its console why, and have it unlocked',
  }
  return { words: `${words} (LockMode ${lockMode})`, remedy }
}
