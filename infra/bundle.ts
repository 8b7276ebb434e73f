import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { bundledFiles } from '../lambdas/schema/pgdump/locate.ts'
import { inlineSql } from './inline-sql.ts'

/** One function's code: a directory that is its whole asset. */
export interface Bundle {
  /** The function's name. */
  readonly name: string
  readonly directory: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** Of all its files, not compressed. Lambda allows 250 MiB. */
  readonly bytes: number
}

export interface BundleOptions {
  /** Function name → source file, relative to `root`. */
  readonly handlers: Readonly<Record<string, string>>
  readonly root: string
  /** Emptied first. One directory per function is made in it. */
  readonly out: string
}

/** Lambda's entry: `index.handler` in this file. */
const ENTRY = 'index.mjs'

/**
 * Nothing is external but what Lambda cannot have: the AWS SDK goes into the bundle too, because the one in the runtime
 * changes without notice, while the code relies on options (`throwOnRequestTimeout`) and fixes of the pinned version.
 */
const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  // Names stay: error classes are told apart by them, and stack traces can be read.
  minifyIdentifiers: false,
  legalComments: 'none',
  // pg asks for its native twin only where somebody uses it; the other is for another vendor's workers.
  external: ['pg-native', 'cloudflare:sockets'],
  // CommonJS packages inside an ES module call require and look at __dirname.
  banner: {
    js: [
      "import { createRequire as sampanCreateRequire } from 'node:module'",
      "import { fileURLToPath as sampanFileURLToPath } from 'node:url'",
      'const require = sampanCreateRequire(import.meta.url)',
      "const __dirname = sampanFileURLToPath(new URL('.', import.meta.url))",
      'const __filename = sampanFileURLToPath(import.meta.url)',
    ].join(';'),
  },
  logLevel: 'silent',
  metafile: true,
}

/**
 * Bundles all handlers at once, without Docker and without a network.
 * @throws Error naming every handler file that does not exist, or esbuild's own list of problems
 */
export async function bundleHandlers({ handlers, root, out }: BundleOptions): Promise<readonly Bundle[]> {
  const entries = Object.entries(handlers)
  const missing = entries.filter(([, file]) => !existsSync(resolve(root, file)))
  if (missing.length > 0) {
    const list = missing.map(([name, file]) => `  ${name}: ${file}`).join('\n')
    throw new Error(`these functions have no handler under ${root}, so nothing can be deployed:\n${list}`)
  }
  await rm(out, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    entryPoints: entries.map(([name, file]) => ({ in: resolve(root, file), out: join(name, 'index') })),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    plugins: [inlineSql()],
    metafile: true,
  })
  const dumping = entries.map(([name]) => name).filter((name) => usesPgDump(metafile, join(out, name, ENTRY)))
  await placePgDump(dumping.map((name) => join(out, name)))
  return Promise.all(entries.map(([name]) => measure(name, join(out, name))))
}

/** Whether the module that looks for the worker is part of what a handler became. */
function usesPgDump(metafile: Metafile, output: string): boolean {
  const found = Object.entries(metafile.outputs).find(([file]) => resolve(file) === resolve(output))
  return Object.keys(found?.[1].inputs ?? {}).some((input) => input.endsWith('schema/pgdump/locate.ts'))
}

/** The worker of pg_dump and its WebAssembly, beside each handler that starts it. */
async function placePgDump(directories: readonly string[]): Promise<void> {
  const [first, ...others] = directories
  if (first === undefined) return
  const { worker, wasm } = bundledFiles
  await build({ ...COMMON, entryPoints: [worker.entry], outfile: join(first, worker.name), plugins: [inlineSql()] })
  await copyFile(wasm.entry, join(first, wasm.name))
  for (const directory of others) {
    for (const { name } of [worker, wasm]) await copyFile(join(first, name), join(directory, name))
  }
}

async function measure(name: string, directory: string): Promise<Bundle> {
  await mkdir(directory, { recursive: true })
  const files = await Promise.all(
    (await readdir(directory)).sort().map(async (file) => ({
      name: file,
      bytes: (await stat(join(directory, file))).size,
    })),
  )
  return { name, directory, files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
}

/** One line per function: its size, and what lies beside the handler. */
export function describeBundles(bundles: readonly Bundle[], from: string = process.cwd()): string {
  const width = Math.max(...bundles.map(({ name }) => name.length))
  const lines = bundles.map(({ name, bytes, files }) => {
    const beside = files.filter((file) => file.name !== ENTRY).map((file) => `${file.name} ${kilobytes(file.bytes)}`)
    return `${name.padEnd(width)} ${kilobytes(bytes).padStart(9)}${beside.length > 0 ? `  with ${beside.join(', ')}` : ''}`
  })
  const total = bundles.reduce((sum, { bytes }) => sum + bytes, 0)
  const where = bundles[0] ? relative(from, join(bundles[0].directory, '..')) : ''
  return [...lines, `${'in all'.padEnd(width)} ${kilobytes(total).padStart(9)}  in ${where}`].join('\n')
}

const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1024).toLocaleString('en')} kB`
