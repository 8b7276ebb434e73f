/** Settings whose value is a list of names, each quoted by itself (GUC_LIST_QUOTE in PostgreSQL's own table of settings). */
export const LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** The names of such a value as the catalogue keeps it: `"$user", public`. */
export function elementsOf(value: string): readonly string[] {
  const elements: string[] = []
  for (const [, quoted, plain] of value.matchAll(/"((?:[^"]|"")*)"|([^\s,"][^,]*)/g)) {
    elements.push(quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'))
  }
  return elements
}
