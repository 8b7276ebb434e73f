import type { Session } from './connect.ts'
import { DatabaseError } from './errors.ts'
import type { ExtensionRelation } from './extension-relations.ts'
import { quoteIdentifier, quoteQualified } from './identifiers.ts'
import { sqlFile } from './sql-file.ts'

const PLACES = sqlFile(new URL('./sql/extension-places.sql', import.meta.url))

/** What the destination has for the rows of an extension's table, or the value of its sequence. */
export interface ExtensionPlace {
  /** Why they cannot come; null where they can, or where that is not to be known. */
  readonly obstacle: string | null
  /** The extension was there before it was tried. */
  readonly standing: boolean
  /** How many rows the table holds of those that would be migrated. */
  readonly rows: number
  /** Among them are some that the source does not have: they would be lost. */
  readonly others: boolean
}

/** Rows of an extension that are compared one by one; more are taken for others. */
const MOST_ROWS = 10_000

/** A try must not wait behind somebody's lock. */
const BEGIN = `BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '20s'`

/**
 * Where configuration of the source's extensions would go, by the oid on the source. Extensions that are not there are created, and all
 * is taken back.
 * @param destination used for nothing else meanwhile
 * @param source one whose answers may be waited for
 * @returns without those of extensions that cannot be created: that is told elsewhere
 */
export async function findPlaces(
  destination: Session,
  source: Session,
  relations: readonly ExtensionRelation[],
): Promise<ReadonlyMap<number, ExtensionPlace>> {
  if (relations.length === 0) return new Map()
  const installed = await destination.rows<{ name: string }>(
    `SELECT extname::text AS name FROM pg_catalog.pg_extension`,
  )
  const standing = new Set(installed.map(({ name }) => name))
  const places = new Map<number, ExtensionPlace>()
  for (const [extension, own] of Map.groupBy(relations, (relation) => relation.extension)) {
    const isStanding = standing.has(extension)
    await destination.execute(BEGIN)
    try {
      const [first] = own
      if (!isStanding && first !== undefined) await destination.execute(creation(first))
      for (const [oid, place] of await look(destination, source, own, isStanding)) places.set(oid, place)
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    } finally {
      await destination.execute('ROLLBACK')
    }
  }
  return places
}

function creation({ extension, extensionSchema }: ExtensionRelation): string {
  const schema = quoteIdentifier(extensionSchema)
  return `CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(extension)} WITH SCHEMA ${schema} CASCADE`
}

interface Found {
  readonly oid: string
  readonly there: boolean
  readonly lacking: readonly string[]
  readonly needing: readonly string[]
  readonly forbidden: readonly string[]
  readonly secured: boolean
}

async function look(
  destination: Session,
  source: Session,
  relations: readonly ExtensionRelation[],
  standing: boolean,
): Promise<ReadonlyMap<number, ExtensionPlace>> {
  const asked = relations.map(({ oid, schema, name, kind, columns }) => ({ oid, schema, name, kind, columns }))
  const rows = await destination.rows<Found>(PLACES, [JSON.stringify(asked)])
  const places = new Map<number, ExtensionPlace>()
  for (const relation of relations) {
    const found = rows.find(({ oid }) => Number(oid) === relation.oid)
    const obstacle = found === undefined ? null : obstacleOf(found)
    const held = obstacle === null && relation.kind === 'table' ? await readHashes(destination, relation) : []
    if (typeof held === 'string') {
      places.set(relation.oid, { obstacle: held, standing, rows: 0, others: false })
      continue
    }
    const others = standing && relation.readable && held.length > 0 ? await hasOthers(source, relation, held) : false
    places.set(relation.oid, { obstacle, standing, rows: held.length, others })
  }
  return places
}

function obstacleOf({ there, lacking, needing, forbidden, secured }: Found): string | null {
  if (!there) return 'CREATE EXTENSION does not make it on the destination'
  if (lacking.length > 0) return `the destination’s version of the extension has no column ${lacking.join(', ')} in it`
  if (needing.length > 0) return `the destination’s version of the extension needs a value for ${needing.join(', ')}`
  if (forbidden.length > 0) return `the destination’s account has no ${forbidden.join(', ')} on it`
  if (secured) return 'row-level security applies to the destination’s account in it'
  return null
}

/** The rows that the condition holds for, each as a hash; or what the destination says where it cannot evaluate it. */
async function readHashes(destination: Session, relation: ExtensionRelation): Promise<readonly string[] | string> {
  await destination.execute('SAVEPOINT sampan_condition')
  try {
    const rows = await destination.rows<{ hash: string }>(hashes(relation))
    await destination.execute('RELEASE SAVEPOINT sampan_condition')
    return rows.map(({ hash }) => hash)
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    await destination.execute('ROLLBACK TO SAVEPOINT sampan_condition')
    return `its condition fails on the destination: ${thrown.message.replace(/^the destination answered: /, '')}`
  }
}

async function hasOthers(source: Session, relation: ExtensionRelation, held: readonly string[]): Promise<boolean> {
  if (held.length > MOST_ROWS) return true
  const own = new Set((await source.rows<{ hash: string }>(hashes(relation))).map(({ hash }) => hash))
  return held.some((hash) => !own.has(hash))
}

function hashes({ schema, name, where, columns }: ExtensionRelation): string {
  const row = `ROW(${columns.map(quoteIdentifier).join(', ')})`
  return `SELECT pg_catalog.md5(${row}::pg_catalog.text) AS hash FROM ONLY ${quoteQualified(schema, name)}
    WHERE (${where}\n) LIMIT ${MOST_ROWS + 1}`
}
