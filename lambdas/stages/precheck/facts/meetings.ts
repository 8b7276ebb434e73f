import { type JudgedMeetings, judgeMeetings } from '../../../core/existing/judge.ts'
import { type Meeting, readMeetings } from '../../../core/existing/meetings.ts'
import { type NeededThere, readNeeds } from '../../../core/existing/needs.ts'
import { schemaThere, typesUnder } from '../../../core/names/renames.ts'
import { meetsTables } from '../../../core/task/conflicts.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { createdByThisRun } from './created.ts'
import { newNames } from './names.ts'
import { chosenRelations } from './relations.ts'

/** Chosen tables that meet one on the destination which is not the run's own, where the task says what becomes of that. */
export async function meetings(context: CheckContext): Promise<readonly Meeting[]> {
  const { database, event } = context
  if (!meetsTables(event.task, database) || context.destinationMissing) return []
  const [renames, relations, created] = await Promise.all([
    context.fact(newNames),
    context.fact(chosenRelations),
    createdByThisRun(context),
  ])
  const chosen = relations
    .filter(({ kind }) => kind === 'r' || kind === 'p')
    .map(({ oid, schema, name }) => {
      const renamed = renames?.relations.get(oid)
      return {
        ...{ schema, name },
        there: renamed?.to ?? { schema: renames === null ? schema : schemaThere(renames, schema), name },
        columns: renamed?.columns ?? new Map<string, string>(),
        excluded: renamed?.excluded ?? [],
      }
    })
  return readMeetings(context, { task: event.task, database }, chosen, created)
}

/** What keeps the rows from coming. @throws CannotRun where the task leaves every table that stands there to the precheck's refusal */
export async function judgedMeetings(context: CheckContext): Promise<JudgedMeetings> {
  if (!meetsTables(context.event.task, context.database)) {
    throw new CannotRun('irrelevant', 'the task takes no table that stands on the destination')
  }
  const renames = await context.fact(newNames)
  return judgeMeetings(await context.fact(meetings), typesUnder(renames))
}

/** What the tables there cannot be without. */
export async function neededThere(context: CheckContext): Promise<readonly NeededThere[]> {
  const met = await context.fact(meetings)
  return met.length === 0
    ? []
    : readNeeds(
        context.destination,
        met.map(({ there }) => there.oid),
      )
}
