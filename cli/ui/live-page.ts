import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SampanError, toSampanError } from '../../lambdas/core/runtime/errors.ts'
import type { ChangedRun, LimitsChange } from '../../lambdas/stages/copy/pace/change-run.ts'
import { changedLines, requireChanged } from '../limits-text.ts'
import type { ProgressEvent } from '../progress/events.ts'
import type { ProgressModel } from '../progress/model.ts'
import type { Display } from '../progress/shown.ts'
import { type RunTold, tellEvents } from '../progress/tell.ts'
import { readChange } from './change.ts'
import { pageFiles } from './files.ts'
import { judgeRequest } from './guard.ts'
import { livePage } from './page.ts'
import { NOTHING, type PageState, reduce, sampled } from './state.ts'
import { Watcher } from './watcher.ts'

/** Moves the limits of the run that is shown. */
export type ChangeLimits = (change: LimitsChange) => Promise<ChangedRun>

/** Between two looks of the open pages at what has changed, milliseconds. */
const EVERY = 1_000
const MOST_PAGES = 20
const MOST_BYTES = 4_096
/** How long open pages are waited for when the command ends, milliseconds. */
const AT_END = 2_000

/** Everything from here, nothing from elsewhere; no other page may hold this one, or learn its address. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/**
 * A page of this machine alone that shows runs of this process, one after the other, from the events that `--json` prints. It keeps what they come
 * to: a page that is opened late, or loses its connection, is told all of it.
 */
export class LivePage {
  readonly url: string
  readonly #server: Server
  readonly #token: string
  readonly #watchers = new Set<Watcher>()
  readonly #timer: NodeJS.Timeout
  #state: PageState = NOTHING
  #change: { readonly run: string; readonly act: ChangeLimits } | null = null

  private constructor(server: Server, token: string) {
    this.#server = server
    this.#token = token
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`
    server.on('request', (request, response) => void this.#answer(request, response))
    this.#timer = setInterval(() => this.#tick(), EVERY)
    this.#timer.unref()
  }

  /**
   * @param port 0: any that is free
   * @throws SampanError PAGE_PORT_TAKEN
   */
  static async open(port: number): Promise<LivePage> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new SampanError({
        code: 'PAGE_PORT_TAKEN',
        message: `the page cannot listen on port ${port} of 127.0.0.1: ${cause.code}`,
        remedy: 'give another port, or --ui without one: any that is free is taken then',
        cause,
      })
    })
    return new LivePage(server, randomBytes(24).toString('base64url'))
  }

  /** Shows a run, and no more the one before. @param change `null`: its limits cannot be moved from here */
  show(model: ProgressModel, run: RunTold, change: ChangeLimits | null): Display {
    this.#change = change === null ? null : { run: run.name, act: change }
    return tellEvents(model, run, (event) => this.take(event))
  }

  /** One more event of the run. */
  take(event: ProgressEvent): void {
    this.#state = reduce(this.#state, event)
    if (event.type === 'end') this.#tick()
  }

  /** Hands what it knows to the pages that are open, and serves nobody any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#server.close()
    const told = Promise.all([...this.#watchers].map((watcher) => watcher.close()))
    await Promise.race([told, sleep(AT_END, undefined, { ref: false })])
    this.#server.closeAllConnections()
  }

  #tick(): void {
    const now = Date.now()
    this.#state = sampled(this.#state, now)
    for (const watcher of this.#watchers) watcher.show(this.#state, now)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { method = 'GET', url = '/', headers } = request
      const name = judgeRequest({ method, url, headers }, this.#token)
      if (name === 'limits' && method === 'POST') await this.#changeLimits(request, response)
      else if (method !== 'GET') send(response, 405, 'text/plain', 'only GET')
      else if (name === 'events') this.#watch(response)
      else if (name === '') send(response, 200, 'text/html', livePage(this.#change !== null))
      else {
        const file = Object.hasOwn(pageFiles, name) ? pageFiles[name] : undefined
        if (file === undefined) send(response, 404, 'text/plain', 'nothing is here')
        else send(response, 200, file.type, await file.text())
      }
    } catch (thrown) {
      const { code, message, remedy } = toSampanError(thrown)
      send(response, code.startsWith('PAGE_') ? 403 : 500, 'text/plain', `${code}: ${message}\n${remedy}\n`)
    }
  }

  #watch(response: ServerResponse): void {
    if (this.#watchers.size >= MOST_PAGES) {
      send(response, 503, 'text/plain', 'too many pages are open')
      return
    }
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    const watcher = new Watcher(response)
    this.#watchers.add(watcher)
    response.on('close', () => this.#watchers.delete(watcher))
    watcher.show(this.#state, Date.now())
  }

  async #changeLimits(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const change = readChange(await readBody(request))
      if (this.#change === null || this.#state.end !== null) throw isOver()
      const { run, act } = this.#change
      const { databases, failed } = await act(change)
      if (failed !== null) throw failed
      requireChanged(run, databases)
      send(response, 200, 'application/json', JSON.stringify({ lines: changedLines(databases), error: null }))
    } catch (thrown) {
      const { code, message, remedy } = toSampanError(thrown)
      send(response, 409, 'application/json', JSON.stringify({ lines: [], error: { code, message, remedy } }))
    }
  }
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` })
  response.end(text)
}

/** What is longer than any change is cut off, and no change then. */
async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) {
    text += part
    if (text.length > MOST_BYTES) break
  }
  return text
}

function isOver(): SampanError {
  return new SampanError({
    code: 'PAGE_NOTHING_TO_CHANGE',
    message: 'there is no run at work whose limits could be moved',
    remedy: 'nothing to do: the page says how the run stands',
  })
}
