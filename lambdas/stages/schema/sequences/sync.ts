import { type RunEvent, writeEvents } from '../../../core/ledger/events.ts'
import { type SequenceName, type SequenceValue, storeSequences } from '../../../core/ledger/objects/sequences.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { goneObjects, readGone } from '../../../core/structure/gone.ts'
import { furthest, isLost, readHeld, wentBack } from './ahead.ts'
import { readStandings } from './standings.ts'
import { type Reading, readSequences, setSequences } from './values.ts'

/**
 * Brings every sequence of the run to where it stands on the source, and reads it back. One that went back on the source since
 * the rows were read stays ahead of them. A few flights and one note, whatever the number of sequences.
 * @param followed the rows are the source's of now: a sequence that went back has no rows ahead of it
 * @throws SampanError `SEQUENCES_DIFFER`
 */
export async function syncSequences(
  source: Session,
  destination: Session,
  run: string,
  followed = false,
): Promise<void> {
  const sequences = await readStandings(source, destination, run)
  const back = followed ? [] : sequences.filter(wentBack)
  const held = await readHeld(destination, back)
  // What is lost stays where the destination's stands, ahead of the rows.
  const used = sequences.filter((sequence) => sequence.kept || isLost(sequence))
  const usedTo = await readSequences(
    destination,
    used.map(({ there }) => there),
  )
  const ahead = new Map([
    ...used.map((sequence, index) => [sequence, furthest(sequence, valuesOf(usedTo[index]))] as const),
    ...back.map((sequence, index) => {
      const values = [...(held[index] ?? []), ...valuesOf(usedTo[used.indexOf(sequence)])]
      return [sequence, furthest(sequence, values)] as const
    }),
  ])
  // One that cannot be read could be set back.
  const unknown = new Set(used.filter((_, index) => valuesOf(usedTo[index]).length === 0))
  const known = sequences.flatMap((sequence) => {
    const value = unknown.has(sequence) ? null : (ahead.get(sequence) ?? sequence.live)
    const { schema, name, there } = sequence
    return value ? [{ schema, name, there, ...pick(value) }] : []
  })
  const unread = sequences.filter((sequence) => unknown.has(sequence) || !(ahead.get(sequence) ?? sequence.live))
  const set = await setSequences(
    destination,
    run,
    known.map(({ there, ...value }) => ({ ...value, ...there })),
  )
  const readBack = await readSequences(
    destination,
    known.map(({ there }) => there),
  )
  const rows = known.map((sequence, index) => {
    const found = readBack[index]
    const error = set[index]?.error ?? (found && 'error' in found ? found.error : null)
    return { ...sequence, found: found && 'lastValue' in found ? found : null, error }
  })
  await storeSequences(destination, run, rows)
  const different = rows.filter(
    ({ lastValue, isCalled, found, error }) =>
      error !== null || found?.lastValue !== lastValue || found.isCalled !== isCalled,
  )
  if (different.length > 0) await requireThere(destination, run)
  judge([...unread, ...different])
  const kept = back.filter((sequence) => !isSame(ahead.get(sequence), sequence.live))
  await writeEvents(destination, run, keptAhead(kept))
}

function valuesOf(reading: Reading | undefined): readonly SequenceValue[] {
  return reading !== undefined && 'lastValue' in reading ? [reading] : []
}

function pick({ lastValue, isCalled }: SequenceValue): SequenceValue {
  return { lastValue, isCalled }
}

function isSame(one: SequenceValue | null | undefined, other: SequenceValue | null): boolean {
  return one?.lastValue === other?.lastValue && one?.isCalled === other?.isCalled
}

function keptAhead(kept: readonly SequenceName[]): readonly RunEvent[] {
  if (kept.length === 0) return []
  const named = kept.map(({ schema, name }) => `${schema}.${name}`)
  return [
    {
      level: 'warning',
      step: 'SyncSequences',
      code: 'SEQUENCE_WENT_BACK',
      message: `restarted, set back or dropped on the source after its rows were read, kept ahead of them on the destination: ${listed(named, { most: NAMED })}`,
    },
  ]
}

const NAMED = 50

/** One that is gone is not waited for: the next start makes it anew. @throws SampanError DST_OBJECTS_GONE */
async function requireThere(destination: Session, run: string): Promise<void> {
  const gone = (await readGone(destination, run)).filter(({ kind }) => kind === 'SEQUENCE')
  if (gone.length > 0) throw new SampanError(goneObjects(gone, true))
}

function judge(different: readonly (SequenceName & { readonly error?: string | null })[]): void {
  if (different.length === 0) return
  const list = different.slice(0, 3).map(({ schema, name, error }) => `${schema}.${name}${error ? ` (${error})` : ''}`)
  throw new SampanError({
    code: 'SEQUENCES_DIFFER',
    message: `${different.length} sequences do not stand where they stand on the source: ${list.join('; ')}`,
    remedy: 'give the source account SELECT and the destination account UPDATE on them, then start the task again',
    retryable: true,
  })
}
