import { type Relation, titleOf } from '../../../core/ledger/relation.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { SampanError } from '../../../core/runtime/errors.ts'

/** What a value of a row brings about where it is computed: data exceptions, and what functions raise. */
const OF_VALUES = /^(22|2F|38|39|P0)/

/** What no expression brings about: a character that the session's encoding does not have. */
const UNTRANSLATABLE = '22P05'

/**
 * The source could not compute what the task wants of a row, or by its condition, of this table: that is the same however often it is tried.
 * @returns null where it is something else
 */
export function expressionFailed(relation: Relation | null, thrown: unknown): SampanError | null {
  if (relation === null || !(thrown instanceof DatabaseError) || thrown.side !== 'source') return null
  const state = thrown.sqlState ?? ''
  if (!OF_VALUES.test(state) || state === UNTRANSLATABLE) return null
  const entries = entriesOf(relation)
  if (entries.length === 0) return null
  return new SampanError({
    code: 'EXPRESSION_FAILED',
    message: `${titleOf(relation)}: what the task says for it (${entries.join(', ')}) fails on a row (SQLSTATE ${state}): ${thrown.message}`,
    remedy:
      'mend the expression or condition in the task (CASE, NULLIF, a longer type), and start it under another name and into an emptied destination; or mend the rows on the source, and start the task again',
    cause: thrown,
  })
}

/** Where it stands in the task. A filter of the task is the source's alone. */
function entriesOf({ source, destination }: Relation): readonly string[] {
  const computed = source.columns.filter((_, place) => typeof source.expressions[place] === 'string')
  const filtered = source.where !== null && destination.where === null
  return [...computed.map((column) => `the expression of column ${column}`), ...(filtered ? ['its "where"'] : [])]
}
