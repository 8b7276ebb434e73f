import { type Comparison, compare, readComparisons, wasNotCreated } from '../../core/ledger/comparisons.ts'
import type { Difference } from '../../core/ledger/differences.ts'
import { isFill, readUnsettledObjects, type UnsettledObject } from '../../core/ledger/objects/accounts.ts'
import type { EmptiedTable } from '../../core/ledger/objects/emptied-tables.ts'
import { readSequenceAccounts, type SequenceAccount, sequenceMatches } from '../../core/ledger/objects/sequences.ts'
import { isLargeObjects, LARGE_OBJECTS_OID, LARGE_OBJECTS_TITLE, relationTitle } from '../../core/ledger/relation.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { listed } from '../../core/present/listed.ts'
import { objectName } from '../../core/structure/object-name.ts'
import type { Task } from '../../core/task/task.ts'
import { describeDifference } from './describe-difference.ts'

/** A reason why a run may not be sealed. */
export interface Breach {
  readonly code:
    | 'OBJECTS_OPEN'
    | 'OBJECTS_FAILED'
    | 'CHUNKS_OPEN'
    | 'VALIDATION_DIFFERS'
    | 'VALIDATION_OPEN'
    | 'SEQUENCES_DIFFER'
    | 'RIGHTS_WIDER'
    | 'DST_OBJECTS_GONE'
    | 'DST_CHANGED'
    | 'DST_UNLOGGED_EMPTIED'
  readonly message: string
  readonly remedy: string
}

/** Everything the ledger knows that the judgement needs. */
export interface Accounts {
  readonly objects: readonly UnsettledObject[]
  readonly relations: readonly Comparison[]
  readonly sequences: readonly SequenceAccount[]
}

export async function readAccounts(destination: Session, run: string): Promise<Accounts> {
  const [objects, relations, sequences] = await Promise.all([
    readUnsettledObjects(destination, run),
    readComparisons(destination, run),
    readSequenceAccounts(destination, run),
  ])
  return { objects, relations, sequences }
}

/** What keeps the run from being sealed, the most telling first; empty where everything is accounted for. Pure. */
export function findBreaches(accounts: Accounts, task: Pick<Task, 'onObjectError' | 'validation'>): Breach[] {
  const tolerant = task.onObjectError === 'continue'
  const pending = accounts.objects.filter((object) => object.status === 'pending')
  // A materialized view that could not be filled leaves the run incomplete; all else is worth to be sealed.
  const failed = accounts.objects.filter(({ status, kind }) => status !== 'pending' && !isFill(kind))
  const copied = accounts.relations.filter((relation) => !(tolerant && wasNotCreated(relation)))
  const open = copied.filter((relation) => relation.chunks === 0 || relation.openChunks > 0)
  const compared = copied.filter((relation) => !open.includes(relation))
  const judged = (result: string) => compared.filter((relation) => compare(relation, task.validation.mode) === result)
  const sequences = accounts.sequences.filter((one) => !sequenceMatches(one) && !(tolerant && one.error !== null))
  return [
    breach(
      pending.map(objectTitle),
      'OBJECTS_OPEN',
      ['object has', 'objects have'],
      'not been dealt with',
      'start the task again',
    ),
    breach(
      tolerant ? [] : failed.map(objectTitle),
      'OBJECTS_FAILED',
      ['object', 'objects'],
      failed.every(({ forOwner }) => forOwner) ? 'could not be given to their owners' : 'could not be created',
      'mend what the report says of each, or set onObjectError to "continue"; then start the task again',
    ),
    breach(
      open.map(relationTitle),
      'CHUNKS_OPEN',
      ['table is', 'tables are'],
      'not copied to the end',
      'start the task again',
    ),
    differing(judged('differs')),
    breach(
      judged('open').map(relationTitle),
      'VALIDATION_OPEN',
      ['table is', 'tables are'],
      'not compared to the end',
      'start the task again',
    ),
    breach(
      sequences.map((sequence) => `${sequence.schema}.${sequence.name}`),
      'SEQUENCES_DIFFER',
      ['sequence stands', 'sequences stand'],
      'elsewhere than on the source',
      'keep others from using them on the destination; what has its owner already is set by hand to where the report says that the source stands (SELECT setval(…)), all others by the next start of the task',
    ),
  ].filter((found) => found !== null)
}

/**
 * Tables are made anew where somebody drops them, and copied again where they stood there before and somebody empties them; large objects where
 * somebody removes them: what others have written is never overwritten.
 */
function differing(relations: readonly Comparison[]): Breach | null {
  const tables = relations.filter((relation) => !isLargeObjects(relation))
  const large = tables.length < relations.length ? LARGE_OBJECTS_TITLE : null
  const beside = tables.filter((relation) => relation.beside)
  const kept = tables.filter((relation) => relation.kept === true && !relation.beside)
  const made = tables.length - kept.length - beside.length
  const remedies = [
    made === 0 ? null : 'drop these tables there (DROP TABLE … CASCADE)',
    kept.length === 0 ? null : emptying(kept.length === tables.length ? null : kept.map(relationTitle)),
    beside.length === 0 ? null : staying(beside.length === tables.length ? null : beside.map(relationTitle)),
    large && 'remove the large objects that it names, as far as they are there (SELECT lo_unlink(OID))',
  ].filter((remedy) => remedy !== null)
  const found = breach(
    tables.map(relationTitle),
    'VALIDATION_DIFFERS',
    ['table differs', 'tables differ'],
    'between source and destination',
    '',
  )
  const message = [found?.message, large && `${large} differ between source and destination`].filter((text) => text)
  if (message.length === 0) return null
  return {
    code: 'VALIDATION_DIFFERS',
    message: message.join('; '),
    remedy: `the report says how they differ: keep others from writing to the destination, ${remedies.join(', ')}, then start the task again: ${kept.length + beside.length === relations.length ? 'their rows are' : 'they are made anew, and'} copied again`,
  }
}

/** @param names those that stood there before; null: all that are told */
function emptying(names: readonly string[] | null): string {
  return names === null
    ? 'empty these tables there (TRUNCATE)'
    : `but empty those that stood there before the run (TRUNCATE): ${listed(names)}`
}

/** In tables whose rows stay the run finds its own again, whoever owns the others. @param names of those tables; null: all that are told */
function staying(names: readonly string[] | null): string {
  return names === null
    ? 'leave these tables as they are: rows that are missing are brought again, and what others have changed stays'
    : `but leave those whose rows stay as they are: ${listed(names)}`
}

/** With the large objects that differ by their ids, as the look into them has found. Pure. */
export function withLargeObjects(breaches: readonly Breach[], differences: readonly Difference[]): readonly Breach[] {
  const found = differences.find(({ relation }) => relation === LARGE_OBJECTS_OID)
  if (found === undefined) return breaches
  return breaches.map((one) =>
    one.code === 'VALIDATION_DIFFERS'
      ? { ...one, message: `${one.message}; ${describeDifference(LARGE_OBJECTS_TITLE, found)}` }
      : one,
  )
}

/** What somebody else has taken from the destination is the cause of what else is wrong with it; what is open then is no news. Pure. */
export function behindChanges(others: readonly Breach[], changes: readonly Breach[]): readonly Breach[] {
  return changes.length === 0 ? others : [...changes, ...others.filter(({ code }) => code !== 'OBJECTS_OPEN')]
}

/** Whatever was compared before: what such tables held is gone. Pure. */
export function emptiedTables(tables: readonly EmptiedTable[]): Breach {
  const made = tables.filter(({ kept }) => !kept)
  const names = listed(tables.map(({ schema, name }) => `${schema}.${name}`))
  return {
    code: 'DST_UNLOGGED_EMPTIED',
    message: `the destination’s server was killed, or failed over, after rows had been copied into unlogged tables, which it then empties: ${names}`,
    remedy:
      made.length === 0
        ? 'start the task again: their rows are copied again'
        : `drop these tables there (DROP TABLE … CASCADE)${made.length < tables.length ? `, but not those that stood there before the run (${listed(tables.filter(({ kept }) => kept).map(({ schema, name }) => `${schema}.${name}`))})` : ''}, then start the task again: they are made anew, and their rows copied again`,
  }
}

function breach(
  names: readonly string[],
  code: Breach['code'],
  nouns: readonly [one: string, many: string],
  what: string,
  remedy: string,
): Breach | null {
  if (names.length === 0) return null
  return { code, message: `${names.length} ${nouns[names.length === 1 ? 0 : 1]} ${what}: ${listed(names)}`, remedy }
}

function objectTitle({ kind, schema, name, errorCode }: UnsettledObject): string {
  return `${kind} ${objectName({ kind, schema, name })}${errorCode === null ? '' : ` (${errorCode})`}`
}
