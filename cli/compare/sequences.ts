import type { SequenceValue } from '../../lambdas/core/ledger/objects/sequences.ts'
import { type Reading, readSequences } from '../../lambdas/stages/schema/sequences/values.ts'
import type { Ends } from './ends.ts'
import type { Scope } from './scope.ts'

/** Where the sequences of both ends stand. @param ends pipelined ones */
export async function compareSequences({ source, destination }: Ends, { objects }: Scope) {
  const sequences = objects.flatMap(({ kind, schema, name, status }) =>
    /^SEQUENCE( SET)?$/.test(kind) && schema !== null && status === 'pending' ? [{ schema, name }] : [],
  )
  const [here, there] = await Promise.all([readSequences(source, sequences), readSequences(destination, sequences)])
  const different = sequences.flatMap(({ schema, name }, at) => {
    const [left, right] = [here[at], there[at]]
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
