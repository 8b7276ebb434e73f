/** Markup that is safe to put into a page. Made by the `html` tag alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What may stand in a template: text is escaped, markup is not, nothing is nothing. */
export type Content = string | number | Html | null | readonly Content[]

/**
 * Markup with every value escaped: names come from users' databases, and a table may be called `<script>`.
 * @example html`<td title="${name}">${name}</td>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, string, index) => `${text}${render(values[index - 1] ?? null)}${string}`))
}

function render(value: Content): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return value.map(render).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text and for quoted attributes. Direction overrides are shown by their code: they could make a name read as another. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(
      /[\u202a-\u202e\u2066-\u2069]/g,
      (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase()}]`,
    )
    .replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')
}

/** The mark of Sampan's pages: a flat boat with one sail. */
export const BOAT = html`<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M3 21c8 3 18 3 26 0-2 5-5 7-9 7h-8c-4 0-7-2-9-7Z"/><path d="M16 20V4c6 3 8 8 8 13"/><path d="M16 9h5M16 14h7"/></svg>`
