import { z } from 'zod'
import { isRecord, type Report } from './rule.ts'

/** How the source is followed between the copy and the cutover. */
export const followSchema = z
  .strictObject({
    maxRetainedMegabytes: z
      .int()
      .min(64)
      .max(16_777_216)
      .optional()
      .describe(
        'How much WAL the source may keep for the run, megabytes, 64 to 16777216. Beyond it the slot is given up and the run fails, before the source’s disk is full. Default: a fifth of the free storage of an RDS instance that the task names by rdsInstance, else 10240.',
      ),
    cutoverSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .describe(
        'How long a cutover waits for writers to end and for their last changes, seconds, 5 to 3600; then it is given up and following goes on. Default 60.',
      ),
    keepSlot: z
      .boolean()
      .default(false)
      .describe(
        'Whether a run that fails or is stopped while it follows leaves its slot, so that the same task started again goes on; nobody looks after the WAL that the source keeps meanwhile. Where the source itself bounds that (max_slot_wal_keep_size) it is left without being asked for. Default false.',
      ),
  })
  .describe('How the source is followed until the cutover: for mode follow, and for plan and precheck of such a run.')

const KEEPS_TABLES = {
  code: 'TASK_FOLLOW_CONFLICTS',
  message: 'keeps a table that stands on the destination, whose triggers and foreign keys changes would meet',
  remedy: 'drop the table there and let the run make it, or use mode migrate',
}

/** So many are at work at once (Databases): all have to follow until the cutover. */
const MOST_DATABASES = 4

/** The source is followed only where that is what the task is for. */
export function checkFollow(
  { mode, follow, databases, conflicts }: Readonly<Record<string, unknown>>,
  report: Report,
): void {
  if (mode === 'follow' && follow === undefined) {
    report(['follow'], {
      code: 'TASK_FOLLOW_MISSING',
      message: 'is not there, and mode follow needs it',
      remedy: 'add "follow" to the task, an empty object will do: everything in it has a default',
    })
  }
  if (follow === undefined) return
  if (mode === undefined || mode === 'migrate') {
    report(['follow'], {
      code: 'TASK_FOLLOW_UNUSED',
      message: 'says how to follow the source, which mode migrate does not do',
      remedy: 'set "mode": "follow", or leave follow out',
    })
  }
  if (conflicts === 'ignore') report(['conflicts'], KEEPS_TABLES)
  if (!Array.isArray(databases)) return
  for (const [index, database] of databases.entries()) {
    if (isRecord(database) && database.schema === 'existing') report(['databases', index, 'schema'], KEEPS_TABLES)
    const tables = isRecord(database) && isRecord(database.tables) ? database.tables : {}
    for (const [name, options] of Object.entries(tables)) {
      if (isRecord(options)) checkTable(options, (field) => ['databases', index, 'tables', name, ...field], report)
    }
  }
  if (databases.length > MOST_DATABASES) {
    report(['databases'], {
      code: 'TASK_FOLLOW_MANY_DATABASES',
      message: `are ${databases.length}, and ${MOST_DATABASES} are followed at once, to be cut over together`,
      remedy: 'make several tasks of them, each with a name of its own',
    })
  }
}

/** What of a table's options its changes cannot be given. */
function checkTable(
  { conflicts, where, keys, columns }: Readonly<Record<string, unknown>>,
  at: (field: readonly string[]) => (string | number)[],
  report: Report,
): void {
  if (conflicts !== undefined && conflicts !== 'report') report(at(['conflicts']), KEEPS_TABLES)
  if (where !== undefined) report(at(['where']), ROWS)
  for (const [name, choice] of Object.entries(isRecord(keys) ? keys : {})) {
    if (choice === 'follow') report(at(['keys', name]), ROWS)
  }
  for (const [name, options] of Object.entries(isRecord(columns) ? columns : {})) {
    if (!isRecord(options)) continue
    for (const option of ['expression', 'exclude']) {
      if (options[option] !== undefined) report(at(['columns', name, option]), VALUES)
    }
  }
}

const ROWS = {
  code: 'TASK_FOLLOW_ROWS',
  message: 'lets only some of the rows come, and changes are not filtered',
  remedy: 'let all rows come, or exclude the table, or use mode migrate',
}
const VALUES = {
  code: 'TASK_FOLLOW_VALUES',
  message: 'makes other rows of those of the source, and changes come as they are',
  remedy: 'let the column come as it is, or exclude the table, or use mode migrate',
}
