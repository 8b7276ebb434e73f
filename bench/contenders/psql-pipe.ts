import { measure } from '../measure.ts'
import { ask, urlOf } from '../stage.ts'
import type { Contender } from './contender.ts'

/** Rows of one table, without its indexes: a COPY into a COPY. The table is made before, outside of the measure. */
export function psqlPipe(table: string, ddl: string, format: 'text' | 'binary'): Contender {
  return {
    name: `psql | psql, ${format}`,
    run: async ({ source, destination }) => {
      await ask(destination, ddl)
      const copy = (direction: string) => `"COPY ${table} ${direction} (FORMAT ${format})"`
      return measure(
        `psql -qX '${urlOf(source)}' -c ${copy('TO STDOUT')} | psql -qX '${urlOf(destination)}' -c ${copy('FROM STDIN')}`,
        source,
        destination,
      )
    },
  }
}
