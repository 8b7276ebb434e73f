import type { Session } from './connect.ts'

/**
 * BEGIN, what `send` asks and COMMIT, sent together: one round trip. After an error the COMMIT rolls back.
 * @param session a pipelined one
 * @param send asks everything at once; nothing it sends may need an answer of the others
 */
export async function inOneFlight(session: Session, send: () => readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled([session.execute('BEGIN'), ...send(), session.execute('COMMIT')])
  // The first in the order of sending: those behind it only say that the transaction is aborted.
  const refused = settled.find(({ status }) => status === 'rejected')
  if (refused?.status === 'rejected') throw refused.reason
}

/** Runs `body` between BEGIN and COMMIT; whatever it throws rolls all of it back. */
export async function inTransaction<Result>(session: Session, body: () => Promise<Result>): Promise<Result> {
  await session.execute('BEGIN')
  try {
    const result = await body()
    await session.execute('COMMIT')
    return result
  } catch (thrown) {
    await session.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}
