import { readFileSync, writeFileSync } from 'node:fs'

/** A page of docs/ of which one part, between two marks, is made by a program of this folder. */
export interface MadePage {
  /** File name in docs/. */
  readonly page: string
  readonly make: () => string
}

const MARKS = /(<!-- made by node infra\/[a-z-]+\.ts -->\n)[\s\S]*(\n<!-- end -->)/

const pathOf = (page: string) => new URL(`../docs/${page}`, import.meta.url)

/** The page as it is, and as it would be if it were made now. */
export function compare({ page, make }: MadePage): { readonly now: string; readonly made: string } {
  const now = readFileSync(pathOf(page), 'utf8')
  return { now, made: now.replace(MARKS, (_, begin: string, end: string) => `${begin}${make()}${end}`) }
}

/** Makes the page anew. */
export function write(page: MadePage): void {
  writeFileSync(pathOf(page.page), compare(page).made)
}

/** One line of a table. */
export const row = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`
