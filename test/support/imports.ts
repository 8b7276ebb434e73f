import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One import of one file, `import type` and `import()` too. */
export interface Import {
  /** Path from the root of the repository. */
  readonly from: string
  /** Path from the root, or the name of a package (`@aws-sdk/client-sfn`, `pg`), or `node:fs`. */
  readonly to: string
  readonly isFile: boolean
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const STATEMENT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"\n]+)['"]/g

/** Every import of the TypeScript files under some folders of the repository. */
export function importsOf(folders: readonly string[]): readonly Import[] {
  return folders
    .flatMap((folder) => filesUnder(folder))
    .flatMap((file) => parseImports(file, readFileSync(join(root, file), 'utf8')))
}

/** @param from the file's path from the root */
export function parseImports(from: string, text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(STATEMENT)].map(([, specifier = '']) => {
    if (specifier.startsWith('.')) return { from, to: normalize(join(dirname(from), specifier)), isFile: true }
    const parts = specifier.split('/')
    const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
    return { from, to: name, isFile: false }
  })
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(join(root, path)).isDirectory()) return name === 'vendor' ? [] : filesUnder(path)
    return name.endsWith('.ts') ? [path] : []
  })
}
