import type { Catalogue, CatalogueEntry } from '../../cli/errors/catalogue.ts'
import type { Side } from '../../lambdas/core/postgres/errors.ts'
import { toStatementError } from '../../lambdas/core/postgres/errors.ts'
import { codesOf } from '../../lambdas/stages/precheck/codes.ts'
import { checks } from '../../lambdas/stages/precheck/registry.ts'
import { AREAS, areaOf } from './areas.ts'
import { LOG_ONLY, NOT_CODES } from './not-codes.ts'
import type { Place, Scan } from './scan.ts'
import { helps } from './statements.ts'
import { words } from './words.ts'

/** SQLSTATEs that the remedies know (lambdas/core/postgres/errors.ts), with what the server means by them. */
const STATES: Readonly<Record<string, string>> = {
  '08006': 'a statement could not reach another server (a foreign table, dblink)',
  '23505': 'a row with this key is there already',
  '23514': 'a row breaks a check',
  '25006': 'the transaction may only read',
  '28000': 'the account is not let in',
  '28P01': 'the password is wrong',
  '3D000': 'there is no database of this name',
  '40P01': 'two transactions waited for each other',
  '42501': 'the account lacks a right',
  '42704': 'something that the statement names does not exist',
  '42710': 'an object of this name is there already',
  '42883': 'there is no function of this name and these arguments',
  '42P01': 'there is no table of this name',
  '42P07': 'a table of this name is there already',
  '53100': 'the disk is full',
  '55P03': 'a lock was not to be had in time',
  '57014': 'the statement was cancelled, by somebody or by a time-out',
  UNKNOWN: 'what the message says, with the SQLSTATE in the code',
}

/**
 * The catalogue of all codes. @throws Error that names every code without cause or remedy, and everything hand-written that no code of the
 * sources has
 */
export function buildCatalogue(scan: Scan): Catalogue {
  const entries = [...checkEntries(), ...stateEntries()]
  const known = new Set(entries.map(({ code }) => code))
  const byCode = Map.groupBy(scan.places, ({ code }) => code)
  const logOnly: string[] = [...LOG_ONLY]
  for (const [code, places] of byCode) {
    if (known.has(code)) continue
    const told = places.filter(({ kind }) => kind !== 'log')
    if (told.length === 0) logOnly.push(code)
    else entries.push(entryOf(code, told))
  }
  for (const code of Object.keys(words)) {
    if (!byCode.has(code) && scan.literals.has(code)) entries.push(entryOf(code, []))
  }
  const areas: readonly string[] = AREAS
  const place = ({ area, code }: CatalogueEntry) => `${areas.indexOf(area) + 10} ${code}`
  const sorted = entries.map(withHelp).toSorted((one, other) => (place(one) < place(other) ? -1 : 1))
  const catalogue = { entries: sorted, logOnly: logOnly.toSorted() }
  const problems = problemsOf(catalogue, scan)
  if (problems.length > 0) throw new Error(`the catalogue of errors is not complete:\n${problems.join('\n')}`)
  return catalogue
}

function checkEntries(): CatalogueEntry[] {
  return checks.flatMap((check) =>
    codesOf(check).map(({ code, cause, remedy }) => ({
      code,
      area: areaOf(code, null),
      kind: 'check' as const,
      level: check.level,
      cases: [{ cause, remedy }],
    })),
  )
}

/** What a server answers, by the product’s own remedies. */
function stateEntries(): CatalogueEntry[] {
  return (['source', 'destination'] as const).flatMap((side: Side) =>
    Object.entries(STATES).map(([state, meaning]) => {
      const { code, remedy } = toStatementError({ code: state, message: '' } as never, side)
      const cases = [{ cause: `the ${side} answered: ${meaning}`, remedy: words[code]?.remedy ?? remedy }]
      return { code, area: areaOf(code, null), kind: 'error' as const, cases }
    }),
  )
}

function entryOf(code: string, places: readonly Place[]): CatalogueEntry {
  const own = words[code] ?? {}
  const said = places.filter(({ cause, remedy }) => (own.cause ?? cause) !== null && (own.remedy ?? remedy) !== null)
  const cases = (said.length === 0 ? [{ cause: '', remedy: '' }] : said).map(({ cause, remedy }) => ({
    cause: withField(code, own.cause ?? cause ?? ''),
    remedy: own.remedy ?? remedy ?? '',
  }))
  const distinct = [...new Map(cases.map((one) => [JSON.stringify(one), one])).values()]
  const kind = places.length > 0 && places.every((place) => place.kind === 'note') ? 'note' : 'error'
  return { code, area: areaOf(code, places[0]?.file ?? null), kind, cases: distinct }
}

/** What is wrong with a task is said of a field, whose path stands before it. */
function withField(code: string, cause: string): string {
  const isOfField =
    code.startsWith('TASK_') && /^(is|are|names|needs|leaves|goes|has|would|opens|does|gives) /.test(cause)
  return isOfField ? `{field} ${cause}` : cause
}

function withHelp(entry: CatalogueEntry): CatalogueEntry {
  const help = helps.find(({ codes }) => codes.includes(entry.code))
  if (help === undefined) return entry
  const { look, mend, commands } = help
  const ofCode = entry.code.startsWith('SRC_') ? 'source' : entry.code.startsWith('DST_') ? 'destination' : 'both'
  const on = look === undefined ? {} : { on: help.on ?? ofCode }
  return { ...entry, ...on, ...(look && { look }), ...(mend && { mend }), ...(commands && { commands }) }
}

function problemsOf({ entries, logOnly }: Catalogue, { literals, unresolved }: Scan): string[] {
  const known = [...entries.map(({ code }) => code), ...logOnly]
  const isKnown = (text: string) =>
    known.some((code) => code === text || code.endsWith(`_${text}`)) || NOT_CODES.some((pattern) => pattern.test(text))
  const incomplete = entries.filter(({ cases }) => cases.some((one) => !isLine(one.cause) || !isLine(one.remedy)))
  return [
    ...incomplete.map(({ code }) => `${code}: needs a cause and a remedy of one line each (scripts/errors/words.ts)`),
    ...[...literals].filter(([text]) => !isKnown(text)).map(([text, file]) => `${text}, in ${file}: is it a code?`),
    ...unresolved.map((code) => `${code}: what may stand there? give the code as a whole`),
    ...Object.keys(words)
      .filter((code) => !known.includes(code))
      .map((code) => `${code}: stale in words.ts`),
    ...helps
      .flatMap(({ codes }) => codes)
      .filter((code) => !known.includes(code))
      .map((code) => `${code}: stale in statements.ts`),
  ]
}

const isLine = (text: string): boolean => text.trim() !== '' && !text.includes('\n') && !/^[…\s:;{}]*$/.test(text)
