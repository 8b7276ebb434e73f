import { readFileSync } from 'node:fs'

/**
 * The text of an .sql file beside the module. Always called as `sqlFile(new URL('./x.sql', import.meta.url))`: the bundler
 * replaces exactly that call by the file's text, so a deployed function reads no file.
 */
export function sqlFile(url: URL): string {
  return readFileSync(url, 'utf8')
}
