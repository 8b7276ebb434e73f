import { spawn } from 'node:child_process'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { AlertMessage } from './alert.ts'

/** Where alerts go. */
export interface NotifyTarget {
  /** Without what may be a secret: the path of a webhook is one. */
  readonly name: string
  /** @throws what went wrong, in words without a secret; an abort, too */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Reads what `--notify` was given: a webhook, a command of the shell, or `env:NAME` of a variable that holds either, so that the address
 * stands neither in the history of the shell nor in the list of processes.
 * @throws SampanError NOTIFY_VARIABLE_MISSING, NOTIFY_URL_INVALID, NOTIFY_URL_IN_CLEAR
 */
export function toTarget(given: string, environment: NodeJS.ProcessEnv): NotifyTarget {
  const [, variable] = /^env:(\w+)$/.exec(given) ?? []
  const text = variable === undefined ? given : environment[variable]
  if (!text?.trim()) {
    throw new SampanError({
      code: 'NOTIFY_VARIABLE_MISSING',
      message: variable === undefined ? '--notify is empty' : `the variable ${variable} of --notify is not set`,
      remedy: 'give a command, an address https://…, or env:NAME of a variable that holds one',
    })
  }
  return /^https?:/i.test(text) ? webhook(text) : command(text, environment)
}

function webhook(text: string): NotifyTarget {
  const url = URL.parse(text)
  if (url === null) {
    throw new SampanError({
      code: 'NOTIFY_URL_INVALID',
      message: 'the address of --notify is not a URL',
      remedy: 'give it as https://host/path',
    })
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new SampanError({
      code: 'NOTIFY_URL_IN_CLEAR',
      message: `the webhook of ${url.host} would be called without TLS, and its address is a secret`,
      remedy: 'give it as https://…; http:// is for this machine only',
    })
  }
  return {
    name: `the webhook of ${url.host}`,
    async send(message, signal) {
      let answer: Response
      try {
        answer = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(message),
          // An address that was not asked for learns nothing.
          redirect: 'manual',
          signal,
        })
        await answer.body?.cancel()
      } catch (thrown) {
        signal.throwIfAborted()
        // The message of fetch names no more than the host; its cause is a code of the operating system or of TLS.
        const code = (thrown as { cause?: { code?: unknown } }).cause?.code
        throw new Error(`cannot be reached${typeof code === 'string' ? ` (${code})` : ''}`)
      }
      if (!answer.ok) throw new Error(`answers ${answer.status}`)
    },
  }
}

function command(text: string, environment: NodeJS.ProcessEnv): NotifyTarget {
  // As it is now: while a run goes on, the passwords of its task are variables of this process.
  const env = { ...environment }
  return {
    name: 'the command of --notify',
    send: (message, signal) =>
      new Promise((resolve, reject) => {
        // A process group of its own, so that what a shell has started ends with it, and Ctrl-C is not for it.
        const isUnix = process.platform !== 'win32'
        const child = spawn(text, {
          shell: true,
          stdio: ['pipe', 'ignore', 'ignore'],
          detached: isUnix,
          windowsHide: true,
          env,
        })
        const kill = () => {
          try {
            if (isUnix && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
            else child.kill()
          } catch {
            // It has just ended by itself.
          }
        }
        signal.addEventListener('abort', kill, { once: true })
        child.once('error', () => reject(new Error('cannot be started')))
        child.once('exit', (code, by) => {
          signal.removeEventListener('abort', kill)
          if (signal.aborted) reject(signal.reason)
          else if (code === 0) resolve()
          else reject(new Error(code === null ? `was ended by ${by}` : `ends with status ${code}`))
        })
        // A command need not read what it is given.
        child.stdin.on('error', () => {})
        child.stdin.end(`${JSON.stringify(message)}\n`)
        if (signal.aborted) kill()
      }),
  }
}
