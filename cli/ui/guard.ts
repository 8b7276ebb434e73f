import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'

export interface Asked {
  readonly method: string
  /** Path and query, as HTTP has it. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** Who asks by the page's own address. The port is free: it may be another one at the near end of a tunnel. */
const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i

/**
 * Judges a request before anything else looks at it. Other pages of the same browser, which reach this address as well, have neither its
 * token nor its origin; a foreign name that leads here (DNS rebinding) stands in Host.
 * @returns what is asked for below the token, such as `page.js`; empty for the page
 * @throws SampanError PAGE_HOST_REFUSED, PAGE_ORIGIN_REFUSED, PAGE_ADDRESS_WRONG
 */
export function judgeRequest({ method, url, headers }: Asked, token: string): string {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  if (!OWN_HOST.test(host)) {
    throw new SampanError({
      code: 'PAGE_HOST_REFUSED',
      message: 'the page was asked for by another name than that of this machine',
      remedy: 'open the address as the command printed it, with 127.0.0.1; from elsewhere through ssh -L',
    })
  }
  const changes = method !== 'GET' && method !== 'HEAD'
  const foreign = origin === undefined ? changes : origin.toLowerCase() !== `http://${host.toLowerCase()}`
  // A link on another page may lead here; it brings no token of its own.
  if (foreign || (changes && site !== undefined && site !== 'same-origin')) {
    throw new SampanError({
      code: 'PAGE_ORIGIN_REFUSED',
      message: 'another page has asked: only the live page itself may',
      remedy: 'open the address as the command printed it',
    })
  }
  const [, given = '', name = ''] = /^\/([^/?#]*)\/?([^?#]*)/.exec(url) ?? []
  if (!isSame(given, token)) {
    throw new SampanError({
      code: 'PAGE_ADDRESS_WRONG',
      message: 'there is no page at this address',
      remedy: 'open the address as the command printed it, to its end; each start of a command has another one',
    })
  }
  return name
}

/** In a time that tells nothing of how much is right. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
