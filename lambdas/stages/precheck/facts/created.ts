import { readMadeNames } from '../../../core/ledger/objects/made.ts'
import { withoutKeywordQuotes } from '../../../core/postgres/identifiers.ts'
import type { CheckContext } from '../context.ts'
import { runIsKnown } from './ledger.ts'
import type { NamedObject } from './objects.ts'

/** Of a table alone its name is enough. */
type Named = Pick<NamedObject, 'schema' | 'name'> & Partial<NamedObject>

/**
 * Tells the objects that this very run has created before, by their receipts in the ledger: a run that is continued does
 * not stand in its own way.
 */
export async function createdByThisRun(context: CheckContext): Promise<(object: Named) => boolean> {
  if (!(await context.fact(runIsKnown))) return () => false
  const rows = await readMadeNames(context.destination, context.event.run.id)
  const created = new Set(rows.map((row) => keyOf(row.schema ?? '', row.name)))
  const functions = new Set(rows.map((row) => keyOf(row.schema ?? '', withoutKeywordQuotes(row.name))))
  return (object) =>
    created.has(keyOf(object.schema, object.name)) ||
    // pg_dump names a function "f(integer)", and an aggregate of no arguments "f(*)".
    (object.signature !== undefined &&
      functions.has(keyOf(object.schema, withoutKeywordQuotes(`${object.name}${object.signature}`)))) ||
    (object.signature === '()' && created.has(keyOf(object.schema, `${object.name}(*)`))) ||
    (typeof object.ownerName === 'string' && created.has(keyOf(object.ownerSchema ?? '', object.ownerName)))
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
