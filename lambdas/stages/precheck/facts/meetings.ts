import { readUnready } from '../../../core/existing/filled.ts'
import { type JudgedMeetings, judgeMeetings } from '../../../core/existing/judge.ts'
import { type ChosenTable, type Meeting, readMeetings } from '../../../core/existing/meetings.ts'
import { type NeededThere, readNeeds } from '../../../core/existing/needs.ts'
import { schemaThere, typesUnder } from '../../../core/names/renames.ts'
import { meetsTables } from '../../../core/task/conflicts.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { createdByThisRun } from './created.ts'
import { newNames } from './names.ts'
import { chosenRelations } from './relations.ts'
import { shownName } from './sql.ts'

/** Chosen tables that meet one on the destination which is not the run's own, where the task says what becomes of that. */
export async function meetings(context: CheckContext): Promise<readonly Meeting[]> {
  const { database, event } = context
  if (!meetsTables(event.task, database) || context.destinationMissing) return []
  const [chosen, created] = await Promise.all([context.fact(chosenTables), createdByThisRun(context)])
  return readMeetings(context, { task: event.task, database }, chosen, created)
}

async function chosenTables(context: CheckContext): Promise<readonly ChosenTable[]> {
  const [renames, relations] = await Promise.all([context.fact(newNames), context.fact(chosenRelations)])
  return relations
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
}

/** What keeps the rows from coming. @throws CannotRun where the task leaves every table that stands there to the precheck's refusal */
export async function judgedMeetings(context: CheckContext): Promise<JudgedMeetings> {
  if (!meetsTables(context.event.task, context.database)) {
    throw new CannotRun('irrelevant', 'the task takes no table that stands on the destination')
  }
  const { database } = context
  if (database.schema === 'existing' && context.destinationMissing) {
    const text = `the database ${shownName(database.as)} with all of them`
    return { problems: [{ code: 'DST_TABLE_MISSING', text }], computed: [], told: [] }
  }
  const [renames, met] = await Promise.all([context.fact(newNames), context.fact(meetings)])
  const judged = judgeMeetings(met, typesUnder(renames))
  if (database.schema !== 'existing') return judged
  const [chosen, created] = await Promise.all([context.fact(chosenTables), createdByThisRun(context)])
  const unready = await readUnready(context.destination, chosen, met, created)
  return { ...judged, problems: [...unready, ...judged.problems] }
}

/** What the tables there cannot be without. */
export async function neededThere(context: CheckContext): Promise<readonly NeededThere[]> {
  return readNeeds(context.destination, await context.fact(meetings))
}
