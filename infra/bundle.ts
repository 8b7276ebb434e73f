import { existsSync } from 'node:fs'
import { copyFile, readdir, rm, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { bundledFiles } from '../lambdas/stages/schema/pgdump/locate.ts'
import { inlineSql } from './inline-sql.ts'

/** One function's code: a directory that is its whole asset. */
export interface Bundle {
  /** The function's name. */
  readonly name: string
  readonly directory: string
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** Of all its files, not compressed. Lambda allows 250 MiB. */
  readonly bytes: number
  /** Source files that something of is left in the bundle, relative to the working directory. */
  readonly sources: readonly string[]
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
  const bundles = entries.map(([name]) => {
    const directory = join(out, name)
    return { name, directory, sources: sourcesOf(metafile, join(directory, ENTRY)) }
  })
  // A handler that the module looking for the worker became part of.
  const dumping = bundles.filter(({ sources }) => sources.some((file) => file.endsWith('schema/pgdump/locate.ts')))
  await placePgDump(dumping.map(({ directory }) => directory))
  return Promise.all(bundles.map(async (bundle) => ({ ...bundle, ...(await measure(bundle.directory)) })))
}

function sourcesOf(metafile: Metafile, output: string): readonly string[] {
  const found = Object.entries(metafile.outputs).find(([file]) => resolve(file) === resolve(output))
  const inputs = Object.entries(found?.[1].inputs ?? {})
  return inputs.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []))
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

async function measure(directory: string): Promise<Pick<Bundle, 'files' | 'bytes'>> {
  const names = (await readdir(directory)).sort()
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: (await stat(join(directory, name))).size })),
  )
  return { files, bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
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
