import type { RunEvent } from '../../../core/ledger/events.ts'
import { listed } from '../../../core/present/listed.ts'
import { describeChanges, type StructureChange } from '../../../core/structure/compare.ts'
import type { Standing } from './standing/kept.ts'

const MOST_ALONG = 50

/** The source's structure was another one than the plan's, and what that came to. */
export function madeAnew(changes: readonly StructureChange[], unmade: number): RunEvent {
  const again = unmade === 0 ? '' : `; ${unmade} objects that were made before are made again`
  return {
    level: 'info',
    step: 'PlanObjects',
    code: 'PLAN_MADE_ANEW',
    message: `the source’s structure has changed since the plan: ${describeChanges(changes)}${again}`,
  }
}

/** Grants that were left out without a line for each. */
export function readerRights(grants: number): readonly RunEvent[] {
  if (grants === 0) return []
  const message = `${grants} rights of the account that reads the source were left out: the destination has no such role`
  return [{ level: 'info', step: 'PlanObjects', code: 'READER_RIGHTS_LEFT_OUT', message }]
}

/** What is taken along unnamed: the report names it, the precheck has said so before. */
export function comesAlong(along: readonly string[]): readonly RunEvent[] {
  if (along.length === 0) return []
  const message = `no pattern names them, something that is named needs them: ${listed(along, { most: MOST_ALONG })}`
  return [{ level: 'info', step: 'PlanObjects', code: 'COMES_ALONG', message }]
}

/** What pg_dump says besides. */
export function notice(message: string): RunEvent {
  return { level: 'info', step: 'PlanObjects', code: 'PG_DUMP_NOTICE', message }
}

/** What becomes of tables that stand on the destination already, and how they are others than the source's. */
export function tablesMet({ meetings, told }: Standing, lacking: readonly string[]): readonly RunEvent[] {
  const names = meetings.map(({ mode, there }) => `${there.schema}.${there.name} (${mode})`)
  const met: RunEvent = {
    level: 'warning',
    step: 'PlanObjects',
    code: 'DST_TABLES_MET',
    message: `they stand on the destination already: ${listed(names, { most: MOST_TOLD, between: '; ' })}`,
  }
  const lack = `the tables there lack, and nothing of it is made: ${listed(lacking, { most: MOST_TOLD, between: '; ' })}`
  return [
    met,
    ...(told.length === 0
      ? []
      : [
          {
            ...met,
            code: 'DST_TABLES_OTHERWISE',
            message: `otherwise on the destination: ${listed(told, { most: MOST_TOLD, between: '; ' })}`,
          },
        ]),
    ...(lacking.length === 0 ? [] : [{ ...met, code: 'DST_TABLES_LACK', message: lack }]),
  ]
}

const MOST_TOLD = 50
