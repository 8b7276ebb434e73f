import type { Session } from '../postgres/connect.ts'
import type { DatabaseError } from '../postgres/errors.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import type { Uses } from './uses.ts'

const NOT_IMMUTABLE = sqlFile(new URL('./sql/not-immutable.sql', import.meta.url))

/** A function whose value is not the same in every session, as people know it. */
export interface Changing {
  /** With its arguments, as people know it. */
  readonly name: string
  /** Its name alone, where it is the server's own; else null. */
  readonly own: string | null
  readonly volatility: 'stable' | 'volatile'
}

/**
 * Why an expression has not the same value in every session that reads the rows; null where it has.
 * @param text as the task writes it
 * @param askAnother lets the server parse another text in its place, and answers its error
 * @param mayBe lets a function that is not immutable pass @default none
 */
export async function whyNotTheSame(
  source: Session,
  { functions, operators, read, printed }: Uses,
  text: string,
  askAnother: (other: string) => Promise<DatabaseError | null>,
  mayBe: (changing: Changing) => boolean = () => false,
): Promise<string | null> {
  const found = await source.rows<Changing>(NOT_IMMUTABLE, [functions, operators, read, printed])
  const changing = found.filter((one) => !mayBe(one))
  if (changing.length > 0) {
    const named = changing.map(({ name, volatility }) => `${name} (${volatility})`).join(', ')
    return `it calls what is not immutable, its value depends on the clock or on settings: ${named}`
  }
  if (printed.includes(0)) return 'it casts what the server does not tell the type of'
  const [word] = wordsOfToday(text)
  if (word === undefined) return null
  // What reads such a word as a moment refuses another one.
  const error = await askAnother(withoutToday(text))
  return error?.sqlState === INVALID_DATETIME ? `it uses ${word}, which is another moment in every session` : null
}

const INVALID_DATETIME = '22007'

const TODAY = /\b(?:now|today|tomorrow|yesterday)\b/gi
const LITERALS = /'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$/gs

/** Words within literals that date types read as the moment of reading. */
function wordsOfToday(text: string): readonly string[] {
  return (text.match(LITERALS) ?? []).filter((literal) => literal.search(TODAY) >= 0)
}

function withoutToday(text: string): string {
  return text.replace(LITERALS, (literal) => literal.replace(TODAY, 'sampan'))
}
