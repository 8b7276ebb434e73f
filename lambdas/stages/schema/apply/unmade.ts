import { isFill } from '../../../core/ledger/objects/accounts.ts'
import { readUnmade, type UnmadeObject } from '../../../core/ledger/objects/failures.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { isOtherTable } from '../plan/standing/very-tables.ts'

const named = 3

/**
 * Called when all objects of a stage were tried. A materialized view that cannot be filled holds nothing up: the run goes on, and
 * ends as incomplete.
 * @throws SampanError `OBJECTS_FAILED` where some could not be made and the task does not go on without them
 */
export async function requireAllMade(session: Session, run: string, onObjectError: 'fail' | 'continue'): Promise<void> {
  if (onObjectError === 'continue') return
  const unmade = (await readUnmade(session, run)).filter(({ kind }) => !isFill(kind))
  if (unmade.length === 0) return
  const failed = unmade.filter(({ status }) => status === 'failed')
  const blocked = unmade.length - failed.length
  const list = (failed.length > 0 ? failed : unmade).slice(0, named).map(describe).join('; ')
  const rest = unmade.length > named ? ', and more' : ''
  throw new SampanError({
    code: 'OBJECTS_FAILED',
    message: `${[...counted(failed.length, 'could not be made'), ...counted(blocked, blocked === 1 ? 'needs something that is missing' : 'need something that is missing')].join(', ')}: ${list}${rest}`,
    remedy: failed.some(isOtherTable)
      ? OTHER_TABLES
      : failed.length > 0 && failed.every(isBrokenKey)
        ? BROKEN_KEYS
        : REMEDY,
  })
}

/** What is excluded makes another task of it, which needs another name. */
const REMEDY =
  'the report lists them all: mend the cause on the destination and start again; or set onObjectError to "continue" and start again, to go on without them; or exclude them, under another name and into an emptied destination'

/** Rows mended on the destination would differ from the source, and those mended on the source are not read again. */
const BROKEN_KEYS =
  'no key of or to a partitioned table can be kept NOT VALID: set onObjectError to "continue" and start again, then mend the rows on the destination and add the key by hand; or mend them on the source, and migrate under another name into an emptied destination'

const OTHER_TABLES =
  'nothing was done to these tables: look at what stands under their names now, and rename or drop it where it is not to be met; started again, the task meets it anew, as it says of the name ("conflicts"), and makes what is not there'

function isBrokenKey({ kind, code }: UnmadeObject): boolean {
  return kind === 'FK CONSTRAINT' && code === '23503'
}

function counted(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? 'object' : 'objects'} ${what}`]
}

function describe({ kind, schema, name, message }: UnmadeObject): string {
  return `${kind.toLowerCase()} ${objectName({ kind, schema, name })}${message === null ? '' : ` (${message})`}`
}
