import { violated, WireProblem } from './wire-problem.ts'

/** How a server let us in. `none`: it asked for nothing. */
export type LoginMethod = 'none' | 'password' | 'md5' | 'scram-sha-256'

const AUTHENTICATION = 0x52
const PARAMETER_STATUS = 0x53
const BACKEND_KEY_DATA = 0x4b
const ERROR_RESPONSE = 0x45
const NOTICE_RESPONSE = 0x4e
const READY_FOR_QUERY = 0x5a

/** What comes before the first question: a server sends some thirty messages. */
const MOST_MESSAGES = 1_000

const METHODS: Readonly<Record<number, string>> = { 2: 'Kerberos V5', 6: 'SCM', 7: 'GSSAPI', 8: 'GSSAPI', 9: 'SSPI' }

type State = 'asked nothing' | 'password' | 'md5' | 'scram' | 'scram continued' | 'scram ended' | 'let in' | 'ready'

/**
 * Follows a login and ends it where the server asks for what it must not get, or leaves out what it must prove. Its word is
 * all there is: it is read before the driver answers.
 */
export class LoginGuard {
  readonly #verified: boolean
  #state: State = 'asked nothing'
  #messages = 0
  #method: LoginMethod = 'none'
  #backend: number | null = null

  /** @param verified whether the server has shown by its certificate who it is */
  constructor(verified: boolean) {
    this.#verified = verified
  }

  get method(): LoginMethod {
    return this.#method
  }

  /** The process of BackendKeyData. A pooler tells one of its own. */
  get backend(): number | null {
    return this.#backend
  }

  /** @throws WireProblem */
  witness(type: number, body: Buffer): void {
    if (this.#state === 'ready') {
      if (type === AUTHENTICATION) throw violated('it asks for a login in the middle of a session')
      return
    }
    this.#messages += 1
    if (this.#messages > MOST_MESSAGES) throw violated('its login does not come to an end')
    if (type === ERROR_RESPONSE || type === NOTICE_RESPONSE) return
    if (type === AUTHENTICATION) {
      this.#state = this.#asked(body.readInt32BE(0))
      return
    }
    if (this.#state !== 'let in' || ![PARAMETER_STATUS, BACKEND_KEY_DATA, READY_FOR_QUERY].includes(type)) {
      throw violated(`it sends a message of type 0x${type.toString(16)} in the middle of the login`)
    }
    if (type === BACKEND_KEY_DATA) this.#backend = body.readInt32BE(0)
    if (type === READY_FOR_QUERY) this.#state = 'ready'
  }

  #asked(code: number): State {
    const first = this.#state === 'asked nothing'
    switch (code) {
      case 0:
        return this.#letIn()
      case 3:
        if (!first) break
        if (!this.#verified) {
          throw new WireProblem('PASSWORD_IN_CLEAR', 'it asks for the password in clear, and has not proved who it is')
        }
        this.#method = 'password'
        return 'password'
      case 5:
        if (!first) break
        this.#method = 'md5'
        return 'md5'
      case 10:
        if (!first) break
        this.#method = 'scram-sha-256'
        return 'scram'
      case 11:
        if (this.#state !== 'scram') break
        return 'scram continued'
      case 12:
        // The driver compares the proof.
        if (this.#state !== 'scram continued') break
        return 'scram ended'
      default:
        throw new WireProblem('LOGIN_METHOD_UNSUPPORTED', `it asks for a login by ${METHODS[code] ?? `method ${code}`}`)
    }
    throw violated('it asks for the login in an order that is none')
  }

  /** By SCRAM both sides prove that they know the password: a server that skips its own proof may not know it. */
  #letIn(): State {
    if (this.#state === 'let in') throw violated('it lets in twice')
    if (this.#state === 'scram' || this.#state === 'scram continued') {
      throw new WireProblem('LOGIN_UNPROVEN', 'it lets in without its own proof that it knows the password')
    }
    return 'let in'
  }
}
