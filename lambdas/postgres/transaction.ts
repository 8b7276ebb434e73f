import type { Session } from './connect.ts'

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
