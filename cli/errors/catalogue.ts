import { readFileSync } from 'node:fs'

/** A code that a user can meet, as scripts/write-errors.ts has collected it from the sources. */
export interface CatalogueEntry {
  readonly code: string
  /** Heading it stands under. */
  readonly area: string
  /** `check`: a finding of the precheck. `note`: told in progress and report, and stops nothing. */
  readonly kind: 'error' | 'check' | 'note'
  /** Of a check: `error` and `warning` block. */
  readonly level?: 'error' | 'warning' | 'info'
  /** What it says in each of the places it comes from; `{…}` stands for what only the run knows. */
  readonly cases: readonly { readonly cause: string; readonly remedy: string }[]
  /** On which server the statements are to be run. */
  readonly on?: 'source' | 'destination' | 'both'
  /** SQL to look, and to mend; commands of a shell. */
  readonly look?: readonly string[]
  readonly mend?: readonly string[]
  readonly commands?: readonly string[]
}

export interface Catalogue {
  readonly entries: readonly CatalogueEntry[]
  /** Events that only log.jsonl has. */
  readonly logOnly: readonly string[]
}

/** Reads the catalogue that belongs to this Sampan. */
export function readCatalogue(): Catalogue {
  return JSON.parse(readFileSync(new URL('./catalogue.json', import.meta.url), 'utf8')) as Catalogue
}

/**
 * The entry of a code as it was printed. A bare SQLSTATE, as the report has of an object, is looked up as the destination’s; one that has no
 * entry of its own falls to that of all others.
 */
export function findEntry({ entries }: Catalogue, code: string): CatalogueEntry | null {
  const upper = code.trim().toUpperCase()
  const wanted = /^(?=.*\d)[0-9A-Z]{5}$/.test(upper) ? `DST_SQL_${upper}` : upper
  const found = entries.find((entry) => entry.code === wanted)
  if (found !== undefined) return found
  const [, side] = /^(SRC|DST)_SQL_[0-9A-Z]{5}$/.exec(wanted) ?? []
  const others = entries.find((entry) => side !== undefined && entry.code === `${side}_SQL_UNKNOWN`)
  return others === undefined ? null : { ...others, code: wanted }
}
