import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }

/** The version and the commit it was built from: `0.1.0 (1a2b3c4)`. Without the commit where none is known. */
export function versionText(): string {
  const commit = builtFrom() ?? checkedOut()
  return commit ? `${manifest.version} (${commit})` : manifest.version
}

/** In a package, the build has written it beside this module. */
function builtFrom(): string | null {
  const file = new URL('commit', import.meta.url)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

function checkedOut(): string | null {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  if (!existsSync(new URL('../.git', import.meta.url))) return null
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    // Without git, or in a directory that it does not trust, the version alone has to do.
    return null
  }
}
