import type { Session } from '../../core/postgres/connect.ts'
import { CannotRun } from './context.ts'

/** Sessions that are closed together. */
export class SessionGroup {
  private readonly sessions: Set<Session>
  private over = false

  constructor(sessions: Iterable<Session> = []) {
    this.sessions = new Set(sessions)
  }

  /** @throws CannotRun where the group is closed by then: the check that wanted it is not waited for any more */
  async add(opened: Promise<Session>): Promise<Session> {
    const session = await opened
    if (this.over) {
      session.destroy()
      throw new CannotRun('failed', 'the session came too late')
    }
    this.sessions.add(session)
    return session
  }

  /** Closes those that are there, politely. @param isKept of those, which another one closes */
  async closeSoFar(isKept: (session: Session) => boolean = () => false): Promise<void> {
    const ending = [...this.sessions].filter((session) => !isKept(session))
    this.sessions.clear()
    await Promise.all(ending.map((session) => session.close()))
  }

  async close(isKept?: (session: Session) => boolean): Promise<void> {
    this.over = true
    await this.closeSoFar(isKept)
  }
}
