/**
 * Builds `dist/`, what the package holds: Node.js strips no types below node_modules, so the modules become JavaScript, one
 * beside the other as they are here, and the files they read go with them. `npm pack` runs it.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const rooms = 'cli,infra,lambdas,local,statemachine'
const target = resolve(root, process.argv[2] ?? 'dist')

rmSync(target, { recursive: true, force: true })
const compiler = join(root, 'node_modules', '.bin', 'tsc')
for (const project of ['tsconfig.package.json', 'tsconfig.types.json']) {
  execFileSync(compiler, ['-p', project, '--outDir', target], { cwd: root, stdio: 'inherit' })
}

// The compiler rewrites imports, but not the addresses of workers and of processes, nor the imports of types.
for (const file of globSync('**/*.{js,d.ts}', { cwd: target })) {
  const path = join(target, file)
  const text = readFileSync(path, 'utf8')
  const rewritten = text.replaceAll(/((?:new URL\(|from )['"]\.[^'"]+)\.ts(?=['"])/g, '$1.js')
  if (rewritten !== text) writeFileSync(path, rewritten)
}

for (const file of globSync(`{${rooms}}/**/*`, { cwd: root, withFileTypes: true })) {
  if (!file.isFile() || /(?<!\.d)\.ts$/.test(file.name)) continue
  const from = join(file.parentPath, file.name)
  const to = join(target, from.slice(root.length))
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

writeFileSync(join(target, 'cli', 'commit'), commit())
chmodSync(join(target, 'cli', 'sampan.mjs'), 0o755)

/** The commit this is built from, or nothing where there is no repository. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return ''
  }
}
