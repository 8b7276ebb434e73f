import type pg from 'pg'
import type { LoginMethod } from './wire/login-guard.ts'

/**
 * Sessions between two steps. A connection over 60 ms of distance costs four round trips, and a run has some twenty
 * steps: a process that outlives its steps (one machine, not Lambda) keeps what a step has closed for the next one.
 */
const KEPT_MILLISECONDS = 20_000
/** Sessions of one kind that wait; as many as lanes at work on a usual run. */
const MOST = 16

export interface KeptClient {
  readonly client: pg.Client
  readonly parameters: ReadonlyMap<string, string>
  readonly serverVersion: number
  readonly loginMethod: LoginMethod
  readonly backend: number | null
  /** A pooler stands between, as far as one can see. */
  readonly pooled: boolean
}

interface Waiting extends KeptClient {
  readonly timer: NodeJS.Timeout
}

/** The parts of the driver's client that say whether it is free. */
interface Inside {
  _getActiveQuery(): unknown
  readonly _queryQueue: readonly unknown[]
  readonly _sentQueryQueue: readonly unknown[]
  getTransactionStatus(): string | null
}

const waiting = new Map<string, Waiting[]>()
let keeping = false

/** From now on closed sessions are kept for a while. Call `endKeptSessions` in the end. */
export function keepSessions(): void {
  keeping = true
}

/** Ends all sessions that wait, and keeps none from now on. */
export function endKeptSessions(): void {
  keeping = false
  for (const { client, timer } of [...waiting.values()].flat()) {
    clearTimeout(timer)
    client.end().catch(() => {})
  }
  waiting.clear()
}

/**
 * Keeps a session that its user is done with, cleared of everything that was set, made or locked in it.
 * @param kind sessions of one kind may stand in for each other
 * @returns false where it cannot be kept: it is for the caller to close
 */
export function keepClient(kind: string, kept: KeptClient): boolean {
  const list = waiting.get(kind) ?? []
  // What a pooler lends is given back.
  if (!keeping || kept.pooled || list.length >= MOST || !isFree(kept.client)) return false
  const { client } = kept
  // Nobody waits for it: what the next user sends is answered behind it.
  client.query('DISCARD ALL').catch(() => client.end())
  const timer = setTimeout(() => {
    waiting.set(
      kind,
      (waiting.get(kind) ?? []).filter((one) => one.client !== client),
    )
    client.end().catch(() => {})
  }, KEPT_MILLISECONDS)
  waiting.set(kind, [...list, { ...kept, timer }])
  return true
}

/** A kept session of this kind that is still connected. Its settings are the server's own. */
export function takeKept(kind: string): KeptClient | null {
  for (;;) {
    const found = waiting.get(kind)?.pop()
    if (found === undefined) return null
    clearTimeout(found.timer)
    if (isConnected(found.client)) return found
    found.client.end().catch(() => {})
  }
}

function isConnected(client: pg.Client): boolean {
  const { connection } = client as unknown as { connection: { stream: { readonly writable: boolean } } }
  return connection.stream.writable
}

/** Connected, nothing asked, and in no transaction. */
function isFree(client: pg.Client): boolean {
  return isConnected(client) && !isAsked(client) && (client as unknown as Inside).getTransactionStatus() === 'I'
}

/** Whether an answer is waited for. */
export function isAsked(client: pg.Client): boolean {
  const inside = client as unknown as Inside
  return Boolean(inside._getActiveQuery()) || inside._queryQueue.length > 0 || inside._sentQueryQueue.length > 0
}
