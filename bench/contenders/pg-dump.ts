import { measure } from '../measure.ts'
import { urlOf } from '../stage.ts'
import type { Contender } from './contender.ts'

export function dumpAndRestore(jobs: number): Contender {
  return {
    name: `pg_dump -Fd -j${jobs}, pg_restore -j${jobs}`,
    run: ({ source, destination, far, directory }) =>
      measure(
        `pg_dump -Fd -Z0 -j ${jobs} -f ${directory}/dump '${urlOf(source)}' &&
         pg_restore -j ${jobs} -d '${urlOf(far)}' ${directory}/dump`,
        source,
        destination,
      ),
  }
}

/** One process each, as many do it: an archive, and its restore behind it. */
export const dumpArchive: Contender = {
  name: 'pg_dump -Fc | pg_restore',
  run: ({ source, destination, far }) =>
    measure(`pg_dump -Fc -Z0 '${urlOf(source)}' | pg_restore -d '${urlOf(far)}'`, source, destination),
}

export const dumpIntoPsql: Contender = {
  name: 'pg_dump | psql',
  run: ({ source, destination, far }) =>
    measure(`pg_dump '${urlOf(source)}' | psql -qX -v ON_ERROR_STOP=1 '${urlOf(far)}' >/dev/null`, source, destination),
}
