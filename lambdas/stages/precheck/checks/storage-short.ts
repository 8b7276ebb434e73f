import { type Check, passed } from '../check.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { runIsKnown } from '../facts/ledger.ts'
import { selectedBytes } from '../facts/size.ts'

/** Indexes are built beside the data, and WAL is kept for a while. */
const HEADROOM = 1.3

export const storageShort: Check = {
  code: 'DST_STORAGE_SHORT',
  side: 'destination',
  level: 'error',
  scope: 'task',
  needs: ['source', 'destination'],
  title: 'the destination has room for the chosen data and 30 percent more',
  cause: 'the free storage of the destination is less than 1.3 times the chosen data of all databases',
  remedy: 'enlarge the storage of the ApsaraDB instance, or choose fewer objects',
  ofEach: bytesNeeded,
  async run(context) {
    const facts = freeFacts(context)
    if (facts === null) throw new CannotRun('unknown', 'the free storage of the destination is not known')
    const sum = context.ofEachDatabase().reduce((total, bytes) => total + bytes, 0)
    const free = Math.max(0, facts.storage - facts.used)
    return sum <= free ? passed : [{ cause: `${shownSize(sum)} are needed, ${shownSize(free)} are free` }]
  },
}

/** Only ApsaraDB tells; a plain server does not know its disk. */
function freeFacts(context: CheckContext): { readonly storage: number; readonly used: number } | null {
  const instance = context.event.task.destination.apsaraInstance ? context.instances.destination : null
  if (!instance || instance.storageUsed === null) return null
  return { storage: instance.storage, used: instance.storageUsed }
}

/** A run that is continued has some of it there already. */
async function bytesNeeded(context: CheckContext): Promise<number> {
  if (freeFacts(context) === null) return 0
  const bytes = (await context.fact(selectedBytes)) * HEADROOM
  if (context.destinationMissing || !(await context.fact(runIsKnown))) return bytes
  const [row] = await context.destination.rows<{ bytes: string }>(
    'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes',
  )
  return Math.max(0, bytes - Number(row?.bytes ?? 0))
}

/** "820 MB", "1.4 GB". */
function shownSize(bytes: number): string {
  const megabytes = bytes / 1024 ** 2
  return megabytes < 1024 ? `${Math.ceil(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`
}
