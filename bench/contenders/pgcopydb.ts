import { measure } from '../measure.ts'
import { urlOf } from '../stage.ts'
import type { Contender } from './contender.ts'

/** With its own defaults: 4 table jobs, 4 index jobs, no table split. */
export const pgcopydb: Contender = clone('pgcopydb clone, defaults', '')

/** As many jobs as our lanes, large tables split as we split them. */
export function pgcopydbBest(lanes: number): Contender {
  const options = `--table-jobs ${lanes} --index-jobs ${lanes} --split-tables-larger-than 256MB`
  return clone(`pgcopydb clone, ${lanes} jobs, split`, options)
}

function clone(name: string, options: string): Contender {
  return {
    name,
    run: ({ source, destination, far, directory }) => {
      const ends = `--source '${urlOf(source)}' --target '${urlOf(far)}'`
      return measure(`pgcopydb clone ${ends} --dir ${directory}/pgcopydb ${options}`, source, destination)
    },
  }
}
