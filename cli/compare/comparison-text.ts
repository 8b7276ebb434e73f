import { styleText } from 'node:util'
import { countText, durationText, numberOf } from '../../lambdas/core/present/units.ts'
import { line } from '../summary/line.ts'
import type { ComparedDatabase, ComparedRow, ComparedTable, Comparison } from './document.ts'

/** Rows and objects of one table or database on a screen; the document has them all. */
const SHOWN = 20

/** What a comparison came to, for a person. Pure. */
export function comparisonText(comparison: Comparison): string {
  const seconds = (Date.parse(comparison.ended) - Date.parse(comparison.began)) / 1000
  const verdict = comparison.state === 'equal' ? styleText('green', 'equal') : styleText('red', 'different')
  const how = comparison.mode === 'counts' ? ', by numbers of rows alone' : ''
  return [
    `Both ends of ${comparison.task} are ${verdict}${how} (${durationText(seconds)})`,
    ...comparison.databases.map(databaseText),
  ].join('\n')
}

function databaseText(database: ComparedDatabase): string {
  const { tables, structure, sequences, largeObjects } = database
  const name = database.as === database.database ? database.database : `${database.database} (there ${database.as})`
  const bad = tables.filter(({ state }) => state !== 'equal')
  const rows = tables.reduce((sum, { sourceRows }) => sum + BigInt(sourceRows), 0n)
  const moving = tables.reduce((sum, { underWay }) => sum + underWay, 0)
  return [
    '',
    styleText('bold', name),
    line(
      'tables',
      `${numberOf(tables.length - bad.length, 'table')} equal, ${bad.length} not; ${countText(Number(rows))} rows on the source`,
    ),
    ...repairLines(database),
    ...(moving === 0
      ? []
      : [line('', `${numberOf(moving, 'row')} differed at one look and not at the next: under way`)]),
    ...bad.flatMap(tableLines),
    ...structureLines(structure),
    ...sequenceLines(sequences),
    ...largeObjectLines(largeObjects),
  ].join('\n')
}

function repairLines({ repaired }: ComparedDatabase): string[] {
  if (repaired === null) return []
  const rows = repaired.tables.map(({ schema, name, deleted, inserted }) => {
    return line(
      'repaired',
      `${schema}.${name}: ${numberOf(deleted, 'row')} deleted, ${countText(inserted)} copied again`,
    )
  })
  const sequences =
    repaired.sequences === 0 ? [] : [line('repaired', `${numberOf(repaired.sequences, 'sequence')} set forward`)]
  return [...rows, ...sequences]
}

function tableLines(table: ComparedTable): string[] {
  const { missing, surplus, different, rows, unlisted, complete } = table
  const title = table.destination === null ? table.table : `${table.table} (there ${table.destination})`
  if (table.state === 'not compared') return [line('not read', `${title}: ${table.why}`)]
  const parts = [
    missing > 0 ? `${countText(missing)} only on the source` : null,
    surplus > 0 ? `${countText(surplus)} only on the destination` : null,
    different > 0 ? `${countText(different)} with other values` : null,
  ].filter((part) => part !== null)
  const least = complete ? '' : ' (at least: there are too many to look into all)'
  const rest = rows.length - Math.min(rows.length, SHOWN) + unlisted
  return [
    line('differs', `${title}: rows: ${parts.join(', ')}${least}`),
    ...rows.slice(0, SHOWN).map((row) => line('', rowText(row))),
    ...(rest > 0
      ? [
          line(
            '',
            `and ${countText(rest)} more${unlisted > 0 ? `, ${countText(unlisted)} of them in no list (--most-rows)` : ''}`,
          ),
        ]
      : []),
  ]
}

const MARKS = { missing: '-', surplus: '+', different: '≠' } as const

function rowText(row: ComparedRow): string {
  const places = [
    row.sourcePlace === null ? null : `ctid ${row.sourcePlace} on the source`,
    row.destinationPlace === null ? null : `ctid ${row.destinationPlace} on the destination`,
  ].filter((place) => place !== null)
  const name = row.key === null ? places.join(', ') : cellsText(row.key)
  const values = [
    row.sourceValues === null ? null : `source: ${cellsText(row.sourceValues)}`,
    row.destinationValues === null ? null : `destination: ${cellsText(row.destinationValues)}`,
  ].filter((value) => value !== null)
  return [`${MARKS[row.kind]} ${name}`, ...values].join('; ')
}

/** What a value holds must not move the cursor, or look like another line. */
function cellsText(cells: Readonly<Record<string, string | null>>): string {
  return Object.entries(cells)
    .map(([name, value]) => `${name} = ${value === null ? 'NULL' : JSON.stringify(value)}`)
    .join(', ')
}

function structureLines(structure: ComparedDatabase['structure']): string[] {
  if (structure === null) return []
  if (structure.why !== null) return [line('structure', `not compared: ${structure.why}`)]
  const count = (what: string) => structure.objects.filter((one) => one.what === what).length
  const unclear = count('unclear')
  const summary = `${numberOf(structure.compared, 'object')}: ${count('missing')} only on the source, ${count('surplus')} only on the destination, ${count('different')} otherwise`
  const told = structure.objects.filter(({ what }) => what !== 'unclear')
  const rest = told.length - SHOWN
  return [
    line('structure', summary),
    ...told.slice(0, SHOWN).map(({ what, kind, schema, name }) => {
      return line(
        '',
        `${MARKS[what as keyof typeof MARKS]} ${kind.toLowerCase()} ${schema === null ? '' : `${schema}.`}${name}`,
      )
    }),
    ...(rest > 0 ? [line('', `and ${countText(rest)} more`)] : []),
    ...(unclear === 0
      ? []
      : [
          line(
            '',
            `${numberOf(unclear, 'object')} in other words, as another version or the plan writes them: not judged`,
          ),
        ]),
  ]
}

function sequenceLines(sequences: ComparedDatabase['sequences']): string[] {
  if (sequences === null) return []
  const { compared, different } = sequences
  return [
    line('sequences', `${compared - different.length} equal, ${different.length} not`),
    ...different.slice(0, SHOWN).map(({ name, source, destination, why }) => {
      return line('', `≠ ${name}: ${why ?? `${source} on the source, ${destination} on the destination`}`)
    }),
    ...(different.length > SHOWN ? [line('', `and ${countText(different.length - SHOWN)} more`)] : []),
  ]
}

function largeObjectLines(objects: ComparedDatabase['largeObjects']): string[] {
  if (objects === null) return []
  const { different, why } = objects
  const unread = why === null ? [] : [line('large obj.', `some were not compared: ${why}`)]
  if (different.length === 0) return why === null ? [line('large obj.', 'equal')] : unread
  return [
    ...unread,
    line('large obj.', `${countText(different.length)} differ`),
    ...different.slice(0, SHOWN).map(({ what, id }) => line('', `${MARKS[what]} ${id}`)),
    ...(different.length > SHOWN ? [line('', `and ${countText(different.length - SHOWN)} more`)] : []),
  ]
}
