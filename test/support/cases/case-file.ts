import { readFile } from 'node:fs/promises'

/** What a case file says; its header lines are explained in test/cases/README.md. */
export interface CaseFile {
  readonly name: string
  /** Without the header. */
  readonly sql: string
  /** The source is the oldest server. */
  readonly fromOldest: boolean
  readonly databaseOptions: string
  readonly destinationDatabaseOptions: string
  /** The destination's database is left to Sampan. */
  readonly destinationAbsent: boolean
  /** Asked of the destination's `postgres`, and of its database, before the run. */
  readonly beforeInPostgres: readonly string[]
  readonly beforeInDestination: readonly string[]
  readonly sourceUser: string | null
  readonly destinationUser: string | null
  readonly acknowledge: readonly string[]
  /** JSON, merged into the task. */
  readonly task: string
  /** Asked of both ends, all in one session each. */
  readonly checks: readonly string[]
  /** Asked of the destination. */
  readonly destinationChecks: readonly string[]
  /** Roles that the case creates, anywhere. */
  readonly roles: readonly string[]
}

const KEYS = 'dbopt|dstdbopt|nodst|dstpg|dst|srcuser|dstuser|task|check|dcheck|ack'

/** Reads test/cases/`name`.sql. */
export async function readCase(name: string): Promise<CaseFile> {
  return parseCase(name, await readFile(new URL(`../../cases/${name}.sql`, import.meta.url), 'utf8'))
}

/** A header line may stand anywhere in the file. */
export function parseCase(name: string, text: string): CaseFile {
  const header = [...text.matchAll(new RegExp(`^-- (${KEYS}):[ \\t]*(.*)$`, 'gm'))]
  const all = (key: string) => header.filter((found) => found[1] === key).map((found) => found[2] ?? '')
  const one = (key: string) => all(key)[0]
  return {
    name,
    sql: text,
    fromOldest: /(^|-)ten-/.test(name),
    databaseOptions: one('dbopt') ?? 'TEMPLATE template0',
    destinationDatabaseOptions: one('dstdbopt') ?? one('dbopt') ?? 'TEMPLATE template0',
    destinationAbsent: one('nodst') !== undefined,
    beforeInPostgres: all('dstpg'),
    beforeInDestination: all('dst'),
    sourceUser: one('srcuser') ?? null,
    destinationUser: one('dstuser') ?? null,
    acknowledge: all('ack').flatMap((codes) => codes.split(/[\s,]+/).filter((code) => code !== '')),
    task: one('task') ?? '{}',
    checks: all('check'),
    destinationChecks: all('dcheck'),
    roles: [...new Set([...text.matchAll(/\bcreate (?:role|user) ([a-z_]\w*)/gi)].map((found) => found[1] ?? ''))],
  }
}

/** Writes the database's name where psql would: `:db`, `:"db"` and `:'db'`. The names of tests need no quotes. */
export function setVariables(sql: string, database: string): string {
  return sql.replaceAll(/(?<!:):(?:"db"|'db'|db\b)/g, (variable) => {
    return variable.startsWith(":'") ? `'${database}'` : `"${database}"`
  })
}
