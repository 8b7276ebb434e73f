import type { Difference } from '../../core/ledger/differences.ts'

/** What was found in one table, one line without values. */
export function describeDifference(title: string, difference: Difference): string {
  const { missing, surplus, different, complete, sourceChanged } = difference
  const parts = [
    missing > 0 ? `${missing} only on the source` : null,
    surplus > 0 ? `${surplus} only on the destination` : null,
    different > 0 ? `${different} with other values` : null,
  ].filter((part) => part !== null)
  const found = parts.length === 0 ? 'no row differs as both are now' : `rows: ${parts.join(', ')}`
  const least = complete ? '' : ' (at least: looked into in part)'
  const changed = sourceChanged ? '; the source has been written to since the copy' : ''
  return `${title}: ${found}${least}${changed}`
}
