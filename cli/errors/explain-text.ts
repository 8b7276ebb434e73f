import { styleText } from 'node:util'
import type { Catalogue, CatalogueEntry } from './catalogue.ts'

/** One code in full: what it says, what to do, and what to run. */
export function entryText(entry: CatalogueEntry): string {
  const { code, cases, on, look, mend, commands } = entry
  const where = on === undefined ? '' : on === 'both' ? ', on both servers' : `, on the ${on}`
  return [
    `${styleText('bold', code)}  ${styleText('dim', kindText(entry))}`,
    ...cases.flatMap(({ cause, remedy }) => ['', `  ${cause}`, `  ${styleText('green', '→')} ${remedy}`]),
    ...part(`Look${where}`, look, ';'),
    ...part(mendTitle(look, where), mend, ';'),
    ...part('By command', commands, ''),
    ...(hasPlaceholders(entry) ? ['', styleText('dim', '{…} is what the message names, or yours to fill in.')] : []),
  ].join('\n')
}

/** Every code with its first cause, by area. */
export function listText({ entries }: Catalogue): string {
  const width = Math.max(...entries.map(({ code }) => code.length))
  const areas = Map.groupBy(entries, ({ area }) => area)
  const parts = [...areas].map(([area, own]) => {
    const lines = own.map(
      ({ code, cases }) => `  ${code.padEnd(width)}  ${styleText('dim', cut(cases[0]?.cause ?? ''))}`,
    )
    return [styleText('bold', area), ...lines].join('\n')
  })
  return `${parts.join('\n\n')}\n\nsampan explain CODE tells what to do.`
}

function kindText({ kind, level, area }: CatalogueEntry): string {
  if (kind === 'check') return `precheck, ${level}${level === 'info' ? '' : ': blocks'}`
  return kind === 'note' ? `${area}; a note: it stops nothing` : area
}

function mendTitle(look: readonly string[] | undefined, where: string): string {
  return look === undefined ? `Mend${where}` : 'Mend'
}

function part(title: string, lines: readonly string[] | undefined, end: string): readonly string[] {
  if (lines === undefined) return []
  return ['', `${title}:`, ...lines.map((one) => `  ${one.replaceAll('\n', '\n  ')}${end}`)]
}

const hasPlaceholders = (entry: CatalogueEntry): boolean =>
  /\{[a-z…]/.test(JSON.stringify([entry.cases, entry.look, entry.mend, entry.commands]))

const LONGEST = 80

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`)
