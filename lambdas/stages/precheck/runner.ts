import type { Instances } from '../../core/cloud/instances.ts'
import type { Side } from '../../core/postgres/errors.ts'
import type { TaskDatabase } from '../../core/task/databases.ts'
import { ask } from './ask.ts'
import type { Check } from './check.ts'
import { type CheckContext, createContext } from './context.ts'
import { AT_ONCE, inTurns } from './in-turns.ts'
import { Refusals } from './refusals.ts'
import type { Outcome } from './score.ts'
import { ChosenServers, sessionsOf } from './servers.ts'
import { SessionGroup } from './session-group.ts'
import { closeAll, connectDatabase, type DatabaseConnections, letsIn, type Opening, openSession } from './sessions.ts'
import { isCrowded, isCrowdedOut, numbersOf, type Turn, takeTurn } from './turn.ts'

/** What was found so far, by the place of the database in the task. */
export type Turns = Map<number, Turn>

type Answers = ReadonlyMap<Check, Outcome | null>

/**
 * Runs the checks: for some databases at once, side by side in each; one pipelined session per side and database carries all its
 * queries, and is closed before the next database. Where a server has no connection left for so many, there are fewer at once.
 * @param turns what calls before this one have found; what this one finds is added
 * @returns `null` where the call's time is used up and databases are left
 * @throws SampanError where a connection that stood is lost: the step is tried again
 */
export async function runChecks(
  opening: Opening,
  checks: readonly Check[],
  instances: Instances | null,
  turns: Turns = new Map(),
): Promise<readonly Outcome[] | null> {
  const { event, environment, checkMilliseconds, remainingMilliseconds } = opening
  const { databases } = event.task
  const [ahead] = databases
  if (ahead === undefined) return []
  const servers = new ChosenServers()
  const further = new SessionGroup()
  const ofTask = checks.filter(({ scope }) => scope === 'task')
  const contextOf = (
    database: TaskDatabase,
    connections: DatabaseConnections,
    sessions: SessionGroup,
    ofEachDatabase: () => readonly number[] = () => [],
  ): CheckContext =>
    createContext({
      ...{ event, environment, database, connections, instances, checks, ofEachDatabase },
      openAnother: (side) => sessions.add(openSession(opening, side, nameOn(side, database))),
    })

  const askServers = async (some: readonly Check[]): Promise<Answers> => {
    const chosen = servers.take()
    const shared = contextOf(chosen.database, chosen, further)
    const asked = some.map(async (check): Promise<[Check, Outcome | null]> => {
      const numbers = () => numbersOf(checks, check, turns.values())
      const context = check.ofEach ? contextOf(chosen.database, chosen, further, numbers) : shared
      return [check, await ask(check, context, null, checkMilliseconds)]
    })
    return new Map(await Promise.all(asked))
  }

  try {
    const first = await connectDatabase(opening, ahead, null)
    servers.offer(ahead, first)
    const left = [...databases.entries()].filter(([place]) => !turns.has(place))

    let reached = 0
    let early: Promise<Answers> | null = null
    /** Beside the databases, where all of them have their turn in this call and no better session can come. */
    const askEarly = () => {
      if (early !== null || left.length > AT_ONCE || !(servers.settled || reached === left.length)) return
      early = askServers(ofTask.filter(({ ofEach }) => !ofEach))
      early.catch(() => {})
    }

    let patience = opening.patience
    const refusals = new Refusals((side) => letsIn(opening, side, nameOn(side, ahead)))
    const look = async ([place, database]: [number, TaskDatabase], alone: boolean): Promise<boolean> => {
      const connections =
        place === 0 ? first : await connectDatabase({ ...opening, patience }, database, refusals.after(first))
      const sessions = new SessionGroup(sessionsOf(connections))
      try {
        if (isCrowded(connections)) {
          // The first one was alone when it was refused.
          if (!alone && place !== 0) return false
          // Nothing of this run can make room any more: others are not waited for as long.
          patience = { ...patience, attempts: Math.max(1, patience.attempts - 1) }
        }
        if (place !== 0) await refusals.note(connections)
        servers.offer(database, connections)
        reached += 1
        askEarly()
        const turn = await takeTurn(checks, contextOf(database, connections, sessions), checkMilliseconds)
        if (!alone && turn.outcomes.some(isCrowdedOut)) return false
        turns.set(place, turn)
        return true
      } finally {
        await sessions.close((session) => servers.holds(session))
      }
    }

    const makeRoom = async () => {
      await early
      await further.closeSoFar()
    }
    askEarly()
    if (!(await inTurns(left, { look, makeRoom, remainingMilliseconds }))) return null
    const answered: Answers = (await early) ?? new Map()
    const others = await askServers(ofTask.filter((check) => !answered.has(check)))
    return inOrder(checks, databases.length, turns, new Map([...answered, ...others]))
  } finally {
    await Promise.all([closeAll(servers.sessions()), further.close()])
  }
}

/** Check by check, as the registry has them. */
function inOrder(checks: readonly Check[], databases: number, turns: Turns, answers: Answers): readonly Outcome[] {
  const own = checks.filter(({ scope }) => scope === 'database')
  const outcomes = checks.flatMap((check) => {
    if (check.scope === 'task') return [answers.get(check) ?? null]
    const at = own.indexOf(check)
    return Array.from({ length: databases }, (_, place) => turns.get(place)?.outcomes[at] ?? null)
  })
  return outcomes.filter((outcome) => outcome !== null)
}

function nameOn(side: Side, database: TaskDatabase): string {
  return side === 'source' ? database.name : database.as
}
