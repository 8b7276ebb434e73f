import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'esbuild'

/** Exactly the call that lambdas/core/postgres/sql-file.ts documents. */
const CALL = /\bsqlFile\(\s*new URL\(\s*(['"])(?<path>[^'"]+\.sql)\1\s*,\s*import\.meta\.url\s*\)\s*,?\s*\)/g

/** Puts the text of an .sql file where a module loads it, so that a deployed function reads no file. */
export function inlineSql(): Plugin {
  return {
    name: 'inline-sql',
    setup(build) {
      build.onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        if (!source.includes('sqlFile(')) return undefined
        const calls = [...source.matchAll(CALL)].filter(({ index }) => !isComment(source, index))
        const files = calls.map((call) => resolve(dirname(path), call.groups?.path ?? ''))
        const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
        let contents = source
        // From the end, so that the places of the calls before stay where they are.
        for (const [at, call] of [...calls.entries()].reverse()) {
          contents =
            contents.slice(0, call.index) + JSON.stringify(texts[at]) + contents.slice(call.index + call[0].length)
        }
        return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js', watchFiles: files }
      })
    },
  }
}

/** Documentation shows the call too. */
function isComment(source: string, index: number): boolean {
  return /^\s*(\*|\/\/|\/\*)/.test(source.slice(source.lastIndexOf('\n', index) + 1, index))
}
