import type { Difference, DifferencePlace } from '../../core/ledger/differences.ts'
import { LARGE_OBJECTS_OID } from '../../core/ledger/relation.ts'
import { listed } from '../../core/present/listed.ts'

const WHERE = { missing: 'only on the source', surplus: 'only on the destination', different: 'with other values' }
const KINDS = ['missing', 'surplus', 'different'] as const

/** What was found in one table, one line without values; of large objects which ones they are. */
export function describeDifference(title: string, difference: Difference): string {
  const { complete, sourceChanged } = difference
  const kinds = KINDS.filter((kind) => difference[kind] > 0)
  const isLarge = difference.relation === LARGE_OBJECTS_OID
  const parts = kinds.map((kind) =>
    isLarge ? `${WHERE[kind]}: ${oids(difference, kind)}` : `${difference[kind]} ${WHERE[kind]}`,
  )
  const found =
    parts.length === 0
      ? `no ${isLarge ? 'object' : 'row'} differs as both are now`
      : isLarge
        ? parts.join('; ')
        : `rows: ${parts.join(', ')}`
  const least = complete ? '' : ' (at least: looked into in part)'
  const changed = sourceChanged ? '; the source has been written to since the copy' : ''
  return `${title}: ${found}${least}${changed}`
}

function oids(difference: Difference, kind: DifferencePlace['kind']): string {
  const named = difference.places.filter((place) => place.kind === kind).map(({ ctid }) => ctid)
  return listed(named, { of: difference[kind] })
}
