import type { ClaimedChunk } from '../../../core/ledger/chunks/chunk.ts'
import { isLargeObjects, type Relation, titleOf } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { askUnderPath } from '../../../core/postgres/search-path.ts'
import { openSource } from '../../../core/postgres/sessions.ts'
import { listed } from '../../../core/present/listed.ts'
import type { CopyServers } from '../../../core/rows/cargo.ts'
import { readingOfRange } from '../../../core/rows/page-reading.ts'
import { rangeOfSource } from '../../../core/rows/range.ts'
import { rowsOf, valueAt, whereOf } from '../../../core/rows/select.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { LaneCall } from './lane-call.ts'

/** What servers answer to bytes that are no character: untranslatable_character, character_not_in_repertoire. */
const NO_CHARACTER = /^(22P05|22021)$/

export function isNoCharacter(thrown: unknown): thrown is DatabaseError {
  return thrown instanceof DatabaseError && NO_CHARACTER.test(thrown.sqlState ?? '')
}

/** Of a function's arguments there are 100 at most. */
const AT_ONCE = 50

/** The chunk that a server has refused. */
interface Refused {
  readonly relation: Relation | null
  readonly chunk: ClaimedChunk | null
  readonly servers: CopyServers
}

/**
 * Bytes that the source's encoding has no character for are in its rows, whichever of the two servers has come upon them (0x81 in WIN1252,
 * 0x98 in WIN1251, and in SQL_ASCII any): that is the same however often it is tried. The columns and rows
 * are looked for on a session of its own, in the chunk's rows of now.
 * @returns null where the source's rows have no such bytes
 */
export async function unknownCharacters(
  { event, step, signal }: LaneCall,
  { relation, chunk, servers }: Refused,
  thrown: unknown,
): Promise<SampanError | null> {
  if (!isNoCharacter(thrown) || relation === null || chunk === null || isLargeObjects(relation)) return null
  if (servers.sourceEncoding === 'UTF8') return null
  const source = await openSource(event, step.environment, {
    purpose: 'characters',
    settings: { statement_timeout: '60s', client_min_messages: 'notice' },
    signal,
  })
  try {
    const columns = await askUnderPath(source, servers.searchPath, async () => {
      const found: string[] = []
      for (let from = 0; from < relation.source.columns.length; from += AT_ONCE) {
        const some = relation.source.columns.slice(from, from + AT_ONCE)
        found.push(...(await columnsWith(source, relation, { chunk, servers }, some)))
      }
      return found
    })
    if (columns.length === 0) return null
    return await askUnderPath(source, servers.searchPath, () =>
      refusal(source, relation, { chunk, servers }, columns, thrown),
    )
  } finally {
    await source.close()
  }
}

interface Where {
  readonly chunk: ClaimedChunk
  readonly servers: CopyServers
}

/** Those of some columns in which the source comes upon such bytes: by halves. */
async function columnsWith(
  source: Session,
  relation: Relation,
  where: Where,
  columns: readonly string[],
): Promise<readonly string[]> {
  const { chunk, servers } = where
  const reading = readingOfRange(relation, chunk, servers.sourceVersion)
  const printed = `pg_catalog.concat(${columns.map((column) => valueAt(relation.source, column)).join(', ')})`
  try {
    await source.rows(
      `SELECT pg_catalog.sum(pg_catalog.octet_length(${translated(printed, servers)})) AS bytes
         FROM ${rowsOf(relation.source)}${whereOf(relation.source, ...rangeOfSource(relation.source, chunk, reading))}`,
    )
    return []
  } catch (thrown) {
    if (!isNoCharacter(thrown)) throw thrown
    if (columns.length === 1) return columns
    const middle = Math.ceil(columns.length / 2)
    const [first, second] = [columns.slice(0, middle), columns.slice(middle)]
    return [
      ...(await columnsWith(source, relation, where, first)),
      ...(await columnsWith(source, relation, where, second)),
    ]
  }
}

/** SQL that fails for a text that holds such bytes. What is in SQL_ASCII is taken for what the destination has. */
function translated(text: string, { sourceEncoding, destinationEncoding }: CopyServers): string {
  return sourceEncoding === 'SQL_ASCII'
    ? `pg_catalog.convert_from(pg_catalog.convert_to(${text}, 'SQL_ASCII'), ${quoteLiteral(destinationEncoding)})`
    : `pg_catalog.convert_to(${text}, 'UTF8')`
}

/** How many rows are named. */
const NAMED = 5

/** The first of the chunk's rows that hold them, by their places. None where the account may write no code (USAGE on the language plpgsql). */
function placesOf(source: Session, relation: Relation, { chunk, servers }: Where, column: string): Promise<string[]> {
  const reading = readingOfRange(relation, chunk, servers.sourceVersion)
  const range = whereOf(relation.source, ...rangeOfSource(relation.source, chunk, reading))
  return noticed(
    source,
    `DECLARE r record; n integer := 0;
     BEGIN FOR r IN SELECT ctid AS place, pg_catalog.concat(${valueAt(relation.source, column)}) AS v FROM ${rowsOf(relation.source)}${range} LOOP
       BEGIN PERFORM ${translated('r.v', servers)}; EXCEPTION WHEN untranslatable_character OR character_not_in_repertoire THEN
         RAISE NOTICE '%', r.place; n := n + 1; EXIT WHEN n > ${NAMED}; END;
     END LOOP; END`,
  )
}

/** The bytes that an encoding of single bytes has no character for, as a set of a regular expression: `[\x81\x8d]`. */
async function bytesLacking(source: Session, { sourceEncoding }: CopyServers): Promise<string | null> {
  const [row] = await source.rows<{ length: number }>(
    `SELECT pg_catalog.pg_encoding_max_length(pg_catalog.pg_char_to_encoding($1)) AS length`,
    [sourceEncoding],
  )
  if (sourceEncoding === 'SQL_ASCII' || row?.length !== 1) return null
  const codes = await noticed(
    source,
    `BEGIN FOR n IN 128..255 LOOP
       BEGIN PERFORM pg_catalog.convert_to(pg_catalog.chr(n), 'UTF8'); EXCEPTION WHEN untranslatable_character THEN RAISE NOTICE '%', n; END;
     END LOOP; END`,
  )
  return codes.length === 0 ? null : `[${rangesOf(codes.map(Number))}]`
}

/** `\x81\x8d-\x90` */
function rangesOf(codes: readonly number[]): string {
  const known = new Set(codes)
  const hex = (code: number) => `\\x${code.toString(16)}`
  return codes
    .filter((code) => !known.has(code - 1))
    .map((first) => {
      let last = first
      while (known.has(last + 1)) last += 1
      return last === first ? hex(first) : `${hex(first)}-${hex(last)}`
    })
    .join('')
}

async function noticed(source: Session, body: string): Promise<string[]> {
  const found: string[] = []
  const listen = ({ message }: { readonly message?: string | undefined }) => void found.push(message ?? '')
  source.client.on('notice', listen)
  try {
    await source.execute(`DO ${quoteLiteral(body)}`)
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError)) throw thrown
  } finally {
    source.client.off('notice', listen)
  }
  return found
}

async function refusal(
  source: Session,
  relation: Relation,
  where: Where,
  columns: readonly string[],
  cause: Error,
): Promise<SampanError> {
  const { servers } = where
  const { sourceEncoding, destinationEncoding } = servers
  const encoding = sourceEncoding === 'SQL_ASCII' ? destinationEncoding : sourceEncoding
  const [column = ''] = columns
  const [places, bytes] = [await placesOf(source, relation, where, column), await bytesLacking(source, servers)]
  const rows = places.length === 0 ? '' : ` (${column}: rows ${listed(places, { most: NAMED })})`
  const all = bytes === null ? '' : `, by WHERE ${quoteIdentifier(column)}::text ~ '${bytes}'`
  return new SampanError({
    code: 'SRC_CHARACTERS_UNKNOWN',
    message: `${titleOf(relation)} cannot be copied: on the source ${columns.length === 1 ? 'its column' : 'its columns'} ${listed(columns)} ${columns.length === 1 ? 'holds' : 'hold'} bytes that are no character in ${encoding}${rows}`,
    remedy: `UPDATE such rows on the source${all}, then start the task again; or exclude the table, under another name and into an emptied destination`,
    cause,
  })
}
