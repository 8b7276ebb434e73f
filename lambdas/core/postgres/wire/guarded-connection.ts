import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import pg from 'pg'
import { LoginGuard } from './login-guard.ts'
import { MessageGuard } from './message-guard.ts'
import { violated, WireProblem } from './wire-problem.ts'

/** How far a connection has come. */
export type Stage = 'tcp' | 'tls' | 'login'

/** The driver's connection, as far as its own types leave it out. */
interface DriverConnection extends EventEmitter {
  readonly stream: Socket
  attachListeners(stream: EventEmitter): void
}

const Base = pg.Connection as unknown as new (config: object) => DriverConnection

/**
 * The driver's connection with guards before its parser, which takes the server's word for every length: what a server sends
 * is judged first, and where it is judged badly, or the driver itself stumbles over it, the connection ends with an error
 * instead of the process.
 */
export class GuardedConnection extends Base {
  readonly login: LoginGuard
  #stage: Stage = 'tcp'

  constructor(tls: TlsOptions | false) {
    super({ ssl: tls, keepAlive: true, keepAliveInitialDelayMillis: 10_000 })
    this.login = new LoginGuard(provesItself(tls))
    this.once('connect', () => {
      this.#stage = tls === false ? 'login' : 'tls'
    })
    // Told when the handshake begins; the stream is the encrypted one by then.
    this.once('sslconnect', () => {
      this.stream.once('secureConnect', () => {
        this.#stage = 'login'
      })
    })
  }

  get stage(): Stage {
    return this.#stage
  }

  override attachListeners(stream: EventEmitter): void {
    const judged = new EventEmitter()
    super.attachListeners(judged)
    const guard = new MessageGuard(
      (type, body) => this.login.witness(type, body),
      (messages) => judged.emit('data', messages),
    )
    let broken = false
    stream.on('data', (chunk: Buffer) => {
      if (broken) return
      try {
        guard.push(chunk)
      } catch (thrown) {
        broken = true
        this.emit('error', thrown instanceof WireProblem ? thrown : violated('it sends what nobody has asked for'))
        this.stream.destroy()
      }
    })
  }
}

/**
 * Whether a connection with these options stands only to a server that has proved who it is. An authority that signs for
 * everybody proves nothing where the host name is not compared.
 */
function provesItself(tls: TlsOptions | false): boolean {
  if (tls === false || tls.rejectUnauthorized === false) return false
  return tls.checkServerIdentity === undefined || tls.ca !== undefined
}
