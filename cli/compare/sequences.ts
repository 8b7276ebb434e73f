import type { SequenceValue } from '../../lambdas/core/ledger/objects/sequences.ts'
import { type Reading, readSequences } from '../../lambdas/stages/schema/sequences/values.ts'
import type { Ends } from './ends.ts'
import type { Scope } from './scope.ts'

/** Where the sequences of both ends stand. @param ends pipelined ones */
export async function compareSequences({ source, destination }: Ends, { objects, renames }: Scope) {
  const sequences = objects.flatMap(({ kind, schema, name, status, oid }) =>
    /^SEQUENCE( SET)?$/.test(kind) && schema !== null && status === 'pending'
      ? [{ schema, name, there: renames?.relations.get(oid)?.to ?? { schema, name } }]
      : [],
  )
  const [here, beyond] = await Promise.all([
    readSequences(source, sequences),
    readSequences(
      destination,
      sequences.map(({ there }) => there),
    ),
  ])
  const different = sequences.flatMap(({ schema, name }, at) => {
    const [left, right] = [here[at], beyond[at]]
    const [from, to] = [textOf(left), textOf(right)]
    const why = errorOf(left) ?? errorOf(right)
    if (why === null && from === to) return []
    return [{ name: `${schema}.${name}`, source: from, destination: to, why }]
  })
  return { compared: sequences.length, different }
}

/** What it gives next is of both: `42` was given, `42, not called` will be. */
function textOf(reading: Reading | undefined): string | null {
  const value: SequenceValue | null = reading !== undefined && 'lastValue' in reading ? reading : null
  return value === null ? null : value.isCalled ? value.lastValue : `${value.lastValue}, not called`
}

function errorOf(reading: Reading | undefined): string | null {
  return reading !== undefined && 'error' in reading ? reading.error : null
}
