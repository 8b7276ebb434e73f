import { onTestFinished } from 'vitest'
import type { Sections } from '../../../cli/ui/sections.ts'

interface Told {
  readonly show: { readonly title: string; readonly sections: Partial<Sections> }
  readonly said: string
  readonly speeds: { readonly from: number; readonly at: number[]; readonly bytes: number[] }
  readonly over: unknown
}

/** Reads the page's events as EventSource does. */
export async function openEvents(page: string) {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const response = await fetch(new URL('events', page), { signal: stop.signal })
  if (response.body === null || !response.headers.get('content-type')?.startsWith('text/event-stream'))
    throw new Error(`no events: ${response.status}`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const waiting: { readonly event: string; readonly data: unknown }[] = []
  let rest = ''
  let isOver = false
  let tellEnd: (clean: boolean) => void = () => {}
  const ended = new Promise<boolean>((resolve) => {
    tellEnd = resolve
  })

  async function read(): Promise<void> {
    const part = await reader.read().catch(() => null)
    if (part === null || part.done) {
      isOver = true
      tellEnd(part !== null)
      return
    }
    const blocks = `${rest}${part.value}`.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
      if (event !== undefined) waiting.push({ event, data: JSON.parse(data ?? '') })
    }
  }

  return {
    /** Whether the connection has ended as it should; resolves once all of it was read. */
    get ended(): Promise<boolean> {
      const rest = async () => {
        while (!isOver) await read()
      }
      void rest()
      return ended
    },
    /** The next event of this name; what comes before it is passed over. */
    async next<Name extends keyof Told>(name: Name): Promise<Told[Name]> {
      for (;;) {
        for (let told = waiting.shift(); told !== undefined; told = waiting.shift())
          if (told.event === name) return told.data as Told[Name]
        if (isOver) throw new Error(`the events have ended without ${name}`)
        await read()
      }
    },
    close: () => stop.abort(),
  }
}
