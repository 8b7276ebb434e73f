import type { Relation } from '../../../core/ledger/relation.ts'
import type { RelationForm } from '../../../core/ledger/relations.ts'
import type { Task } from '../../../core/task/task.ts'
import {
  type ColumnType,
  type FormServers,
  notCompared,
  rowDigest,
  rowTextDigest,
  whyNotBinary,
} from './column-form.ts'

/** How many columns a reason names; the rest is counted. */
const NAMED = 5

export interface FormWishes {
  readonly format: Task['format']
  readonly digests: boolean
}

/** How one relation's rows travel and are compared, without its cut and its rows. */
export type TravelForm = Omit<RelationForm, 'cutReason' | 'rowsEstimated'>

/**
 * Decides how a relation's rows travel. Binary is never forced upon a column whose encoding is not the same on both ends:
 * it could store a wrong value (an OID of the source) without an error. Such a table travels as text, whatever was wished.
 */
export function decideForm(
  relation: Relation,
  types: readonly ColumnType[],
  servers: FormServers,
  wishes: FormWishes,
): TravelForm {
  const byName = new Map(types.map((type) => [type.name, type]))
  const columns = relation.source.columns.map((name) => byName.get(name)).filter((type) => type !== undefined)
  const { oid } = relation
  if (columns.length !== relation.source.columns.length) {
    // A column went between the plan of the objects and now: its chunk would fail anyway, with the server's own words.
    const none = { digestSql: null, textDigestSql: null }
    return { oid, format: 'text', formatReason: 'its columns have changed', ...none, there: null, notCompared: [] }
  }
  const reason = wishes.format === 'text' ? 'the task wants text' : whyText(columns, servers)
  // Rows that came beside others are known by their hashes again, whatever the task has compared.
  const digests = wishes.digests || Boolean(relation.beside)
  const digestsOf = (named: readonly ColumnType[]) => ({
    digestSql: digests ? rowDigest(named, servers) : null,
    textDigestSql: digests && reason === null ? rowTextDigest(named, servers) : null,
  })
  const here = columns.map((column, at) => ({ ...column, value: relation.source.expressions[at] ?? null }))
  const there = columns.map((column, at) => ({ ...column, name: relation.destination.columns[at] ?? column.name }))
  const alike = there.every(({ name }, at) => name === here[at]?.name && here[at].value === null)
  return {
    oid,
    format: reason === null ? 'binary' : 'text',
    formatReason: reason,
    ...digestsOf(here),
    there: alike ? null : digestsOf(there),
    notCompared: digests ? columns.flatMap((column) => notCompared(column, servers)) : [],
  }
}

function whyText(columns: readonly ColumnType[], servers: FormServers): string | null {
  if (!servers.bothUtf8) return 'not both databases are UTF8'
  if (columns.length === 0) return 'it has no columns'
  const reasons = columns.flatMap((column) => {
    const reason = whyNotBinary(column, servers)
    return reason === null ? [] : [`${column.name} (${column.typeText}) ${reason}`]
  })
  if (reasons.length === 0) return null
  const rest = reasons.length - NAMED
  return [...reasons.slice(0, NAMED), ...(rest > 0 ? [`and ${rest} more columns`] : [])].join('; ')
}
