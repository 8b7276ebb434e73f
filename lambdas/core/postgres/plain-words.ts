/**
 * Encodings without the marks that our own sentences are set with, and the marks that each lacks. Only those are put otherwise: a database
 * that cannot write a mark holds none of the user's either, and neither does a source that may be migrated into it, as both have the same
 * encoding. What one of them can write (· and × in LATIN1) may be the user's, and no sentence of ours that is kept has it.
 */
const LACKING = '’…→–—₁₂'

/** With ’ (ISO 8859-13). */
const WITH_APOSTROPHE = 'LATIN7'

const WITHOUT_MARKS = /^(LATIN\d+|KOI8[RU]|ISO_8859_[568])$/

const PLAIN: Readonly<Record<string, string>> = {
  '’': "'",
  '…': '...',
  '→': '->',
  '–': '-',
  '—': '-',
  '₁': '1',
  '₂': '2',
}

/** Which of our marks a database of this encoding cannot write down. */
export function marksLacking(serverEncoding: string | undefined): string {
  if (!WITHOUT_MARKS.test(serverEncoding ?? '')) return ''
  return serverEncoding === WITH_APOSTROPHE ? LACKING.replace('’', '') : LACKING
}

/**
 * How to keep what we say in a database of this encoding; null where it can write everything. For values alone: our statements have no
 * such mark, and those of users are for the server to take or to refuse.
 */
export function plainWords(serverEncoding: string | undefined): ((value: unknown) => unknown) | null {
  const lacking = marksLacking(serverEncoding)
  if (lacking === '') return null
  const marks = new RegExp(`[${lacking}]`, 'g')
  const plain = (one: unknown): unknown => {
    if (typeof one === 'string') return one.replace(marks, (mark) => PLAIN[mark] ?? mark)
    return Array.isArray(one) ? one.map(plain) : one
  }
  return plain
}
