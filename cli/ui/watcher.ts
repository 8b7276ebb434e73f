import type { ServerResponse } from 'node:http'
import { speedsOf } from './samples.ts'
import { type Sections, sectionNames, sectionsOf, titleOf } from './sections.ts'
import type { PageState } from './state.ts'
import { verdictOf } from './verdict.ts'

/** Of what a browser has not taken yet; one that sleeps for longer connects again, and is told all of it. */
const MOST_WAITING = 4_000_000

/** One open page: knows what it was told, and tells what is new. https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class Watcher {
  readonly #response: ServerResponse
  #sections: Partial<Sections> = {}
  #said = ''
  /** When its latest point was taken, seconds since 1970. */
  #point = 0
  #points = 0

  constructor(response: ServerResponse) {
    this.#response = response
    response.write('retry: 1000\n\n')
  }

  show(state: PageState, now: number): void {
    if (this.#response.writableLength > MOST_WAITING) {
      this.#response.destroy()
      return
    }
    const sections = sectionsOf(state, now)
    const changed = sectionNames.filter((name) => this.#sections[name] !== sections[name])
    this.#sections = sections
    this.#send('show', {
      title: titleOf(state),
      sections: Object.fromEntries(changed.map((name) => [name, sections[name]])),
    })
    this.#say(state)
    this.#sendSpeeds(state)
    if (state.end !== null) this.#send('over', {})
  }

  /** Ends the connection once what was sent has left. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#response.once('close', resolve)
      this.#response.end(resolve)
    })
  }

  /** For screen readers: how it stands, when that changes, and nothing that ticks. */
  #say(state: PageState): void {
    const { word } = verdictOf(state)
    const said = `${state.run?.name ?? 'Sampan'}: ${word}`
    if (said === this.#said) return
    this.#said = said
    this.#send('said', said)
  }

  /** Those behind the last point it has; all of them where that one was thinned out. */
  #sendSpeeds({ samples }: PageState): void {
    const speeds = speedsOf(samples)
    const known = speeds.at[this.#points - 1] === this.#point ? this.#points : 0
    if (known > 0 && known === speeds.at.length) return
    if (speeds.at.length === 0 && this.#points === 0) return
    this.#send('speeds', { from: known, at: speeds.at.slice(known), bytes: speeds.bytes.slice(known) })
    this.#points = speeds.at.length
    this.#point = speeds.at.at(-1) ?? 0
  }

  #send(event: string, data: unknown): void {
    this.#response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}
