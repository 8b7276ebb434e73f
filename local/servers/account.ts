import { spawnSync } from 'node:child_process'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'

/** The operating system account that a server runs under. */
export interface Account {
  readonly name: string
  /** For `spawn` and `chown`; empty when the server runs as the caller. */
  readonly ids: { readonly uid?: number; readonly gid?: number }
}

/**
 * PostgreSQL refuses to run as root. Root's servers run as `postgres` where that account exists, else as `nobody`, which
 * every Linux and macOS has: starting a demo must not create accounts.
 */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return { name: 'this user', ids: {} }
  for (const name of ['postgres', 'nobody']) {
    const uid = lookUp('-u', name)
    const gid = lookUp('-g', name)
    if (uid !== null && gid !== null && uid > 0) return { name, ids: { uid, gid } }
  }
  throw new SampanError({
    code: 'LOCAL_SERVER_NO_ACCOUNT',
    message: 'PostgreSQL does not run as root, and there is neither a user "postgres" nor a user "nobody"',
    remedy: 'run the command as an ordinary user, or create one: useradd --system postgres',
  })
}

function lookUp(flag: '-u' | '-g', name: string): number | null {
  const run = spawnSync('id', [flag, name], { encoding: 'utf8' })
  const id = Number.parseInt(run.stdout ?? '', 10)
  return run.status === 0 && Number.isInteger(id) ? id : null
}
