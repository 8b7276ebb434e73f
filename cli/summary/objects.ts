import { styleText } from 'node:util'
import { countText } from '../../lambdas/core/present/units.ts'
import type { DatabaseReport, ObjectReport } from '../../lambdas/stages/report/model.ts'
import { isNotValid } from '../../lambdas/stages/report/object-kinds.ts'
import { line } from './line.ts'

type Status = ObjectReport['status']

/** How many reasons of one status are told; the report tells all. */
const REASONS = 8
const NAMES = 3

/** How many objects of each status, and why some were not migrated. */
export function objectLines({ objects, totals }: DatabaseReport): readonly string[] {
  if (totals.objects === 0) return []
  const statuses: readonly Status[] = ['migrated', 'transformed', 'skipped', 'failed', 'blocked', 'pending']
  const counts = statuses
    .map((status) => [totals[status], status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${countText(count)} ${status}`)
  const told: readonly Status[] = ['failed', 'blocked', 'skipped']
  return [
    line('objects', counts.join(', ')),
    ...told.flatMap((status) => reasonLines(objects, status, totals[status])),
    ...notValidLines(objects),
  ]
}

/** Constraints that rows do not hold: each has its own statement to run when they are mended. */
function notValidLines(objects: readonly ObjectReport[]): readonly string[] {
  const found = objects.filter(isNotValid)
  const lines = found
    .slice(0, REASONS)
    .map(({ kind, name, reason }) => line('', `${styleText('yellow', kind.toLowerCase())} ${name}: ${reason}`))
  const rest = found.length - REASONS
  return rest > 0 ? [...lines, line('', `and ${rest} more constraints: see the report`)] : lines
}

/** The objects of one status by their reason: a reason that many share is told once. */
function reasonLines(objects: readonly ObjectReport[], status: Status, count: number): readonly string[] {
  const listed = objects.filter((object) => object.status === status)
  const groups = [...Map.groupBy(listed, reasonOf)]
  const lines = groups.slice(0, REASONS).map(([reason, group]) => {
    const names = group.slice(0, NAMES).map(({ kind, name }) => `${kind.toLowerCase()} ${name}`)
    const more = group.length > NAMES ? ` and ${group.length - NAMES} more` : ''
    const word = styleText(status === 'skipped' ? 'dim' : 'red', status)
    return line('', `${word}  ${names.join(', ')}${more}: ${reason}`)
  })
  const rest = groups.length - REASONS
  const unlisted = count - listed.length
  return [
    ...lines,
    ...(rest > 0 ? [line('', `and for ${rest} more reasons: see the report`)] : []),
    ...(unlisted > 0 ? [line('', `and ${unlisted} more ${status}: see the report’s details`)] : []),
  ]
}

function reasonOf({ reason, error }: ObjectReport): string {
  return error === null ? (reason ?? 'no reason given') : `${error.code}: ${error.message}`
}
