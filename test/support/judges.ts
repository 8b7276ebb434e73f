/**
 * The independent judges: do two databases hold the same? They share no code with the product and ask the servers
 * themselves, three times over: rows, catalogues, and pg_dump's text.
 */
import pg from 'pg'
import { compareFingerprints, type FingerprintOptions, fingerprint } from './judges/fingerprint.ts'
import { largeObjectHashes, rowHashes, sequenceValues } from './judges/rows.ts'
import { compareSchemaTexts, schemaText } from './judges/schema-text.ts'
import type { TestDatabase } from './servers.ts'

export { compareFingerprints } from './judges/fingerprint.ts'
export { largeObjectHashes, rowHashes, sequenceValues } from './judges/rows.ts'
export { dumpText } from './judges/schema-text.ts'

export interface ComparisonOptions extends FingerprintOptions {
  /** Whether pg_dump's text is compared too; a second per side. @default true */
  readonly text?: boolean
  /** Differences that a test expects and explains: lines that match are left out. */
  readonly except?: readonly RegExp[]
}

/** Any database the judges can log in to; `createDatabase` makes such. */
export type Judged = Pick<TestDatabase, 'connection'>

/** All differences, as lines a person can read: `- ` is missing on the destination, `+ ` is there only, `≠` differs. */
export async function compareDatabases(
  source: Judged,
  destination: Judged,
  options: ComparisonOptions = {},
): Promise<readonly string[]> {
  const majors = await Promise.all([source, destination].map(majorOf))
  const digits = Math.min(...majors) < 12 ? '0' : '1'
  const [left, right] = await Promise.all([read(source, options, digits), read(destination, options, digits)])
  const differences = [
    ...compareMaps('rows of', left.rows, right.rows),
    ...compareMaps('sequence', left.sequences, right.sequences),
    ...compareMaps('large object', left.largeObjects, right.largeObjects),
    ...compareFingerprints(left.facts, right.facts),
  ]
  if (options.text !== false) {
    const args = options.owners === true ? [] : ['--no-owner']
    // One after the other: pg_dump blocks this thread.
    const text = await schemaText(source.connection, args)
    differences.push(...compareSchemaTexts(text, await schemaText(destination.connection, args)))
  }
  return differences.filter((line) => !options.except?.some((expected) => expected.test(line)))
}

async function read(database: Judged, options: ComparisonOptions, digits: string) {
  const client = await open(database)
  try {
    const rows = new Map(
      [...(await rowHashes(client, digits))].map(([name, hash]) => [name, `${hash.rows} rows, ${hash.digest}`]),
    )
    const sequences = await sequenceValues(client)
    const largeObjects = await largeObjectHashes(client)
    return { rows, sequences, largeObjects, facts: await fingerprint(client, options) }
  } finally {
    await client.end()
  }
}

async function majorOf(database: Judged): Promise<number> {
  const client = await open(database)
  try {
    const { rows } = await client.query<{ n: string }>(`SELECT current_setting('server_version_num') AS n`)
    return Math.floor(Number(rows[0]?.n) / 10_000)
  } finally {
    await client.end()
  }
}

async function open(database: Judged): Promise<pg.Client> {
  const client = new pg.Client({
    ...database.connection,
    application_name: 'judge',
    types: { getTypeParser: () => (text: string) => text },
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function compareMaps(
  what: string,
  source: ReadonlyMap<string, string>,
  destination: ReadonlyMap<string, string>,
): readonly string[] {
  const names = [...new Set([...source.keys(), ...destination.keys()])].toSorted()
  return names.flatMap((name) => {
    const [left, right] = [source.get(name), destination.get(name)]
    if (left === right) return []
    if (right === undefined) return [`- ${what} ${name}: ${left}`]
    if (left === undefined) return [`+ ${what} ${name}: ${right}`]
    return [`≠ ${what} ${name}: ${left} ≠ ${right}`]
  })
}
