/**
 * Encodings without the marks that our own sentences and comments are set with. A database in one of them holds no such
 * mark of the user's either, and neither does a source that may be migrated into it: both have the same encoding.
 */
const WITHOUT_MARKS = /^(LATIN\d+|KOI8[RU]|ISO_8859_[568])$/

const MARKS = /[’…→–—·×₁₂]/g

const PLAIN: Readonly<Record<string, string>> = {
  '…': '...',
  '→': '->',
  '–': '-',
  '—': '-',
  '·': '*',
  '×': 'x',
  '₁': '1',
  '₂': '2',
}

export interface PlainWords {
  /** For a statement: an apostrophe would end a literal. */
  sql(text: string): string
  value(value: unknown): unknown
}

/** How to say to a database of this encoding what it can write down; null where it can write everything. */
export function plainWords(serverEncoding: string | undefined): PlainWords | null {
  if (!WITHOUT_MARKS.test(serverEncoding ?? '')) return null
  const plain = (text: string, apostrophe: string) => text.replace(MARKS, (mark) => PLAIN[mark] ?? apostrophe)
  const value = (one: unknown): unknown => {
    if (typeof one === 'string') return plain(one, "'")
    return Array.isArray(one) ? one.map(value) : one
  }
  return { sql: (text) => plain(text, '`'), value }
}
