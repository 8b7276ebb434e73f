/**
 * Names are any text but NUL: an escape sequence in a table's name would be obeyed by the terminal, a line end would begin a line that
 * nobody has written, and marks of direction would show it in another order.
 */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line of text for a terminal: what it would obey instead of showing is written out, such as `\n`, `\x1b` and `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, writtenOut)
}

/** Text of several lines, with styles of our own in it: line ends and colours stay. */
export function visibleLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a style
  return text.replace(/\n|\x1b\[[\d;]*m|./gsu, (part) => (part === '\n' || part.length > 2 ? part : visible(part)))
}

/** A document with every text in it as one line for a terminal. What is neither text, list, map nor plain object stays as it is. */
export function visibleIn<Document>(document: Document): Document {
  return shown(document) as Document
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return visible(value)
  if (Array.isArray(value)) return value.map(shown)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [shown(key), shown(each)]))
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [visible(key), shown(each)]))
}

function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return (
    SHORT[character] ??
    (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  )
}
