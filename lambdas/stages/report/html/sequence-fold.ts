import { type Html, html } from '../../../core/present/html.ts'
import type { SequenceReport } from '../model.ts'
import { badge, dataTable, fold } from './parts.ts'

const COLUMNS = [
  { title: 'Sequence' },
  { title: 'Last value', number: true },
  { title: 'on the destination', number: true },
  { title: 'Compared' },
]

/** The sequences; open where one does not match. */
export function sequenceFold(sequences: readonly SequenceReport[]): Html | null {
  if (sequences.length === 0) return null
  const sorted = [...sequences].sort((one, other) => Number(one.match ?? false) - Number(other.match ?? false))
  const content = dataTable(COLUMNS, sorted, (sequence) => [
    html`${sequence.name}${sequence.error === null ? null : html`<br><span class="quiet">${sequence.error}</span>`}`,
    html`${sequence.lastValue}${sequence.isCalled ? null : html` <span class="quiet">not called</span>`}`,
    sequence.destinationLastValue ?? '–',
    sequence.match === true
      ? badge('good', 'equal')
      : sequence.match === false
        ? badge('bad', 'differs')
        : badge('calm', 'not set'),
  ])
  return fold(
    'Sequences',
    sequences.length,
    content,
    sequences.some((sequence) => sequence.match === false),
  )
}
