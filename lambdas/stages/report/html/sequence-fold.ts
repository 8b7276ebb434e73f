import { type Html, html } from '../../../core/present/html.ts'
import type { DatabaseReport, SequenceReport } from '../model.ts'
import { badge, dataTable, fold } from './parts.ts'

const COLUMNS = [
  { title: 'Sequence' },
  { title: 'Last value', number: true },
  { title: 'on the destination', number: true },
  { title: 'Compared' },
]

/** The sequences; open where one does not match. */
export function sequenceFold({ sequences, totals, details }: DatabaseReport): Html | null {
  if (sequences.length === 0) return null
  const sorted = [...sequences].sort((one, other) => Number(one.match ?? false) - Number(other.match ?? false))
  const row = (sequence: SequenceReport) => [
    html`${sequence.name}${sequence.error === null ? null : html`<br><span class="quiet">${sequence.error}</span>`}`,
    html`${sequence.lastValue}${sequence.isCalled ? null : html` <span class="quiet">not called</span>`}`,
    sequence.destinationLastValue ?? '–',
    sequence.match === true
      ? badge('good', 'equal')
      : sequence.match === false
        ? badge('bad', 'differs')
        : badge('calm', 'not set'),
  ]
  const content = dataTable(COLUMNS, sorted, row, { count: totals.sequences, details })
  return fold('Sequences', totals.sequences, content, totals.sequencesDifferent > 0)
}
