import type { Session } from '../../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../../core/postgres/errors.ts'
import { undone } from '../../../../core/postgres/undone.ts'
import { isDropped } from '../../../../core/task/roles.ts'
import type { TocEntry } from '../../toc/entry.ts'
import type { EntryVerdict } from '../verdict.ts'

/** One of the database's own properties, and why the destination's account cannot make it; `null`: it can. */
export interface JudgedProperty {
  readonly entry: TocEntry
  readonly refusal: string | null
}

/** Settings that are no matter of an application's, by name, and why they stay behind. */
const LEFT: readonly (readonly [RegExp, string])[] = [
  [/^(rds|aurora|apg_|aws_)[._a-z]*/, 'it is a setting of Amazon RDS'],
  [
    /_preload_libraries$/,
    'which libraries a session loads is the server’s own matter, and one that is absent locks all out',
  ],
  [/^(default_tablespace|temp_tablespaces)$/, 'tablespaces are the server’s own matter'],
  [/^(role|session_authorization)$/, 'every session would act as another role, this run’s too'],
  [/^CONNECTION LIMIT$/, 'it would count this run’s own sessions'],
  [/^OWNER$/, 'the run needs the database’s rights to its end; from 15 on its owner may create in public'],
]

/**
 * Tries each property on the destination and undoes it, all in one round trip. A server only warns of rights that its
 * account may not give: those are the database's owner's to give.
 * @param destination a pipelined session to the database itself
 */
export async function judgeProperties(
  destination: Session,
  entries: readonly TocEntry[],
): Promise<readonly JudgedProperty[]> {
  if (entries.length === 0) return []
  const owner = destination.rows<{ mine: boolean }>(
    `SELECT pg_catalog.pg_has_role(datdba, 'USAGE') AS mine
       FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`,
  )
  const tries = entries.map(async (entry): Promise<JudgedProperty> => {
    // Its role stands at the end.
    if (isDropped(entry.tag)) return { entry, refusal: DROPPED }
    const left = entry.kind === 'DATABASE PROPERTIES' ? leftBehind(entry.tag) : null
    if (left !== null) return { entry, refusal: left }
    return { entry, refusal: await refusalOf(destination, entry.sql) }
  })
  const [[database], ...judged] = await Promise.all([owner, ...tries])
  return judged.map(({ entry, refusal }) => ({
    entry,
    refusal: refusal ?? (database?.mine === true ? null : 'the account does not own the database'),
  }))
}

function leftBehind(tag: string): string | null {
  const name = tag.replace(/ of .*$/s, '')
  return LEFT.find(([pattern]) => pattern.test(name))?.[1] ?? null
}

async function refusalOf(destination: Session, sql: string): Promise<string | null> {
  try {
    await undone(destination, sql.replace(/;\s*$/, ''))
    return null
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    return thrown.message.replace(/^the destination answered: /, '')
  }
}

/** The properties behind all other entries, with what becomes of each. */
export function propertyEntries(
  properties: readonly JudgedProperty[],
  others: readonly TocEntry[],
): ReadonlyMap<TocEntry, EntryVerdict> {
  const firstId = Math.max(0, ...others.map(({ id }) => id)) + 1
  return new Map(
    properties.map(({ entry, refusal }, index) => [{ ...entry, id: firstId + index }, verdictOf(entry, refusal)]),
  )
}

const DROPPED = 'the task drops the role'

function verdictOf({ sql, tag }: TocEntry, refusal: string | null): EntryVerdict {
  if (refusal === DROPPED) return { verdict: 'skip', reason: refusal }
  if (refusal === null) return { verdict: 'migrate', sql }
  if (/^(rds|aurora|apg_|aws_)/.test(tag)) return { verdict: 'skip', reason: refusal }
  return { verdict: 'skip', reason: `${refusal}; where it is wanted: ${shown(sql)}` }
}

/** A setting of one's own (`app.key`) may hold a secret: the report does not repeat it. */
function shown(sql: string): string {
  return sql
    .trim()
    .replace(/;$/, '')
    .replaceAll(';\n', '; ')
    .replace(/( SET "[^"]*\.[^"]*" TO ).*$/s, '$1(as on the source)')
}
