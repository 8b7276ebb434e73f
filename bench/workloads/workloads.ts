import { readFileSync } from 'node:fs'

/** The full sizes; a scale of 0.2 makes a fifth of the rows, and of the tables where tables are counted. */
export const fullSize = {
  narrow: 10_000_000,
  wide: 2_000_000,
  keyless: 5_000_000,
  smallTables: 1_000,
  tenTables: 1_000_000,
  indexed: 10_000_000,
  toast: 200_000,
}

/** `narrow`: as pgbench_accounts, with its key, an index and a foreign key. */
export const narrow = (scale: number) => fill('narrow', fullSize.narrow * scale)
/** `wide`: sixteen columns of many types, a key, three indexes and a foreign key. */
export const wide = (scale: number) => fill('wide', fullSize.wide * scale)
/** `keyless`: a log, no key, no index. */
export const keyless = (scale: number) => fill('keyless', fullSize.keyless * scale)
/** So many tables of 100 rows, each with a key and an index. */
export const smallTables = (count: number) => fill('small-tables', count)

/** `tenTables`: ten of them, each with a key, two indexes and a foreign key. */
export const tenTables = (scale: number) => fill('ten-tables', fullSize.tenTables * scale)
/** `indexed`: one table with five indexes. */
export const fiveIndexes = (scale: number) => fill('five-indexes', fullSize.indexed * scale)
/** `document`: two values out of line in each row. */
export const toast = (scale: number) => fill('toast', fullSize.toast * scale)

/** Statistics as a database in use has them, and hint bits set. */
export const settled = 'VACUUM ANALYZE'

function fill(name: string, count: number): string {
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8')
  return text.replaceAll(':count', String(Math.round(count)))
}
