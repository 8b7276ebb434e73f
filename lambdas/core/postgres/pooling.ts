import type { Session } from './connect.ts'
import { DatabaseError } from './errors.ts'

/**
 * What stands between: nothing, a pooler that gives a session a server connection of its own, or one that deals transactions or
 * statements out to whichever is free. `unknown`: it did not come out in time.
 */
export type Pooling = 'none' | 'session' | 'transaction' | 'unknown'

/** A pool of one connection lets the second session wait for the first. */
const PATIENCE = 3_000

const PID = 'SELECT pg_catalog.pg_backend_pid() AS pid'

/** Always a proxy that shares connections between transactions. */
const RDS_PROXY = /\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(\.cn)?$/i

export function isRdsProxy(host: string): boolean {
  return RDS_PROXY.test(host)
}

/**
 * Watches which server process answers two sessions that nobody has set anything in: one that changes without a transaction,
 * or is met in both, is shared. Sessions of a server itself have the process that the login named, each its own.
 * @param first both bare and pipelined; `second` is inside a transaction for a while
 */
export async function observePooling(first: Session, second: Session): Promise<Pooling> {
  const mine: (number | null)[] = []
  const others: (number | null)[] = []
  const ask = async (session: Session, seen: (number | null)[]) => void seen.push(await pidOf(session))
  const begin = second.execute('BEGIN').catch(refusedTransaction)
  begin.catch(() => {})
  await Promise.all([ask(first, mine), ask(second, others)])
  // Its own time is up too where it waits for a connection.
  if (others[0] === null) return 'unknown'
  if ((await begin) === 'refused') return 'transaction'
  if (mine[0] !== null) await ask(first, mine)
  if (isShared(mine, others)) return 'transaction'
  if (!mine.includes(null) && mine[0] === first.backend && others[0] === second.backend) return 'none'
  // A pool that gives out what came back last, or what came back first, shows when one session has let go.
  await second.execute('ROLLBACK')
  for (const [session, seen] of [
    [first, mine],
    [second, others],
    [first, mine],
    [second, others],
  ] as const) {
    await ask(session, seen)
    if (isShared(mine, others)) return 'transaction'
    if (seen.at(-1) === null) return 'unknown'
  }
  return 'session'
}

function isShared(mine: readonly (number | null)[], others: readonly (number | null)[]): boolean {
  const [one, other] = [mine, others].map((seen) => new Set(seen.filter((pid) => pid !== null)))
  if (one === undefined || other === undefined) return false
  return one.size > 1 || other.size > 1 || [...one].some((pid) => other.has(pid))
}

/** Null where no answer comes in time; it may still come, and is nobody's then. */
async function pidOf(session: Session): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), PATIENCE)
  try {
    const asked = session.rows<{ pid: number | string }>(PID)
    asked.catch(() => {})
    const rows = await Promise.race([asked, promise])
    return rows === null ? null : Number(rows[0]?.pid)
  } finally {
    clearTimeout(timer)
  }
}

/** Poolers of statements know no transactions; a server always does. */
function refusedTransaction(thrown: unknown): 'refused' {
  if (thrown instanceof DatabaseError && thrown.sqlState === '08P01') return 'refused'
  throw thrown
}
