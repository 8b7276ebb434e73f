import type { Client } from 'pg'
import { databaseFacts, ownerFacts } from './database-facts.ts'
import { asOf } from './older.ts'
import { relationFacts } from './relation-facts.ts'
import { pinSession } from './session.ts'
import { typeFacts } from './type-facts.ts'

/** Everything the catalogues say about the users' objects, one line per fact, sorted; names, never object ids. */
export interface Fingerprint {
  readonly major: number
  readonly lines: readonly string[]
}

export interface FingerprintOptions {
  /** Whether owners count. @default false */
  readonly owners?: boolean
}

/** Kinds whose text is a query, which newer servers print with fewer qualifiers. */
const queries: ReadonlySet<string> = new Set(['view', 'rule', 'policy', 'parsed'])

export async function fingerprint(client: Client, options: FingerprintOptions = {}): Promise<Fingerprint> {
  await pinSession(client)
  const facts = { ...databaseFacts, ...typeFacts, ...relationFacts, ...(options.owners === true ? ownerFacts : {}) }
  const version = await client.query<{ n: string }>(`SELECT current_setting('server_version_num') AS n`)
  const major = Math.floor(Number(version.rows[0]?.n) / 10_000)
  const lines: string[] = []
  for (const [kind, sql] of Object.entries(facts)) {
    const { rows } = await client.query<{ object: string; fact: string }>(asOf(sql, major))
    for (const { object, fact } of rows) lines.push(`${kind} ${object}: ${fact}`)
  }
  return { major, lines: lines.toSorted() }
}

/** Lines that only one side has; `- ` is missing on the destination, `+ ` is there only. */
export function compareFingerprints(source: Fingerprint, destination: Fingerprint): readonly string[] {
  const comparable = source.major === destination.major ? (line: string) => line : unqualify
  return compareLines(source.lines, destination.lines, comparable)
}

/** Compares two lists as bags: a line that is there twice must be there twice. */
export function compareLines(
  source: readonly string[],
  destination: readonly string[],
  comparable: (line: string) => string = (line) => line,
): readonly string[] {
  const counts = new Map<string, number>()
  for (const line of destination) counts.set(comparable(line), (counts.get(comparable(line)) ?? 0) + 1)
  const missing = source.filter((line) => {
    const left = counts.get(comparable(line)) ?? 0
    counts.set(comparable(line), left - 1)
    return left <= 0
  })
  const extra = destination.toReversed().filter((line) => {
    const left = counts.get(comparable(line)) ?? 0
    if (left > 0) counts.set(comparable(line), left - 1)
    return left > 0
  })
  return [...missing.map((line) => `- ${line}`), ...extra.toReversed().map((line) => `+ ${line}`)]
}

/** A query's line without qualifiers and layout. What it reads is compared by lines of its own (`view reads`). */
function unqualify(line: string): string {
  const [kind] = line.split(' ', 1)
  if (kind === undefined || !queries.has(kind) || line.startsWith('view reads')) return line
  return stripQualifiers(line)
}

export function stripQualifiers(text: string): string {
  return text.replaceAll(/(?:"(?:[^"]|"")+"|\b[a-z_][\w$]*)\.(?=["a-z_*])/g, '').replaceAll(/\s+/g, ' ')
}
