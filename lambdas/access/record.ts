import { z } from 'zod'
import { type ArtefactStore, artefactKey } from '../cloud/artefacts.ts'
import type { RunIdentity } from '../runtime/event.ts'
import { type AccessEntry, accessEntrySchema, keyOf } from './entry.ts'

const closedEntrySchema = accessEntrySchema.extend({
  closedAt: z.string(),
  /** `gone`: somebody else had removed it. `handed-over`: another execution uses it and removes it. */
  how: z.enum(['revoked', 'gone', 'handed-over']),
})

/** An event worth telling: lists that differ, blocks left out, rules that stood already. */
const noteSchema = z.object({ code: z.string(), message: z.string() })

/** `access.json`: what an execution opened and closed. The report shows it; the sweep works by it. */
export const accessRecordSchema = z.object({
  version: z.literal(1),
  run: z.string(),
  execution: z.string(),
  /** The deployed stack, `local` on one machine. */
  stack: z.string(),
  notes: z.array(noteSchema),
  /** Written before it is opened. After a crash an intended entry may stand or not. */
  intended: z.array(accessEntrySchema),
  /** Everything this execution relied on, with what stood before. */
  opened: z.array(accessEntrySchema),
  closed: z.array(closedEntrySchema),
  /** Opened by this execution and not closed. Empty at the end. */
  open: z.array(accessEntrySchema),
  updatedAt: z.string(),
  /** When everything was verified to be closed. */
  closedAt: z.string().nullable(),
})

export type AccessRecord = z.output<typeof accessRecordSchema>
export type ClosedEntry = z.output<typeof closedEntrySchema>
export type AccessNote = z.output<typeof noteSchema>

/** The record of one execution, written to its artefact at every change. */
export class RecordKeeper {
  readonly #store: ArtefactStore
  readonly #run: RunIdentity
  readonly #clock: () => Date
  #record: AccessRecord

  private constructor(store: ArtefactStore, run: RunIdentity, clock: () => Date, record: AccessRecord) {
    this.#store = store
    this.#run = run
    this.#clock = clock
    this.#record = record
  }

  /** Takes up the record where an earlier attempt left it, or begins one (not written before its first change). */
  static async open(store: ArtefactStore, run: RunIdentity, stack: string, clock: () => Date): Promise<RecordKeeper> {
    const existing = await readRecord(store, run)
    return new RecordKeeper(store, run, clock, existing ?? emptyRecord(run, stack, clock))
  }

  get record(): AccessRecord {
    return this.#record
  }

  /** Notes of this attempt; those of an earlier one with the same code are replaced. */
  async note(notes: readonly AccessNote[]): Promise<void> {
    if (notes.length === 0) return
    const codes = new Set(notes.map((note) => note.code))
    await this.#write({ notes: [...this.#record.notes.filter((note) => !codes.has(note.code)), ...notes] })
  }

  /** Before opening: what may stand from now on. */
  async intend(entries: readonly AccessEntry[]): Promise<void> {
    await this.#write({ intended: merge(this.#record.intended, entries), closedAt: null })
  }

  /** After opening: what stands. */
  async remember(entries: readonly AccessEntry[]): Promise<void> {
    if (entries.length === 0) return
    const keys = new Set(entries.map(keyOf))
    await this.#write({
      intended: this.#record.intended.filter((entry) => !keys.has(keyOf(entry))),
      opened: merge(this.#record.opened, entries),
    })
  }

  /** After closing: what is verified to be gone. */
  async closed(entries: readonly ClosedEntry[]): Promise<void> {
    if (entries.length === 0) return
    await this.#write({ closed: merge(this.#record.closed, entries) })
  }

  /** Everything is verified to be closed; intentions that came to nothing are forgotten. */
  async finish(): Promise<void> {
    await this.#write({ intended: [], closedAt: this.#clock().toISOString() })
  }

  async #write(change: Partial<AccessRecord>): Promise<void> {
    const changed = { ...this.#record, ...change, updatedAt: this.#clock().toISOString() }
    const closed = new Map(changed.closed.map((entry) => [keyOf(entry), entry.closedAt]))
    const open = changed.opened.filter(
      (entry) => !entry.existedBefore && !((closed.get(keyOf(entry)) ?? '') >= entry.openedAt),
    )
    this.#record = { ...changed, open }
    const text = `${JSON.stringify(this.#record, null, 2)}\n`
    await this.#store.write(artefactKey(this.#run, 'access.json'), text, 'application/json')
  }
}

/** The record of an execution, `null` where nothing was ever opened. */
export async function readRecord(store: ArtefactStore, run: RunIdentity): Promise<AccessRecord | null> {
  const text = await store.read(artefactKey(run, 'access.json'))
  return text === null ? null : accessRecordSchema.parse(JSON.parse(text))
}

/** Which executions have a record, by their names: all, or those of one execution name. */
export async function listRecords(store: ArtefactStore, execution?: string): Promise<readonly RunIdentity[]> {
  const keys = await store.list('runs/')
  return keys.flatMap((key) => {
    const [, id, name, file] = key.split('/')
    const wanted = file === 'access.json' && (execution === undefined || execution === name)
    return wanted && id && name ? [{ id, execution: name }] : []
  })
}

function emptyRecord(run: RunIdentity, stack: string, clock: () => Date): AccessRecord {
  return {
    version: 1,
    run: run.id,
    execution: run.execution,
    stack,
    notes: [],
    intended: [],
    opened: [],
    closed: [],
    open: [],
    updatedAt: clock().toISOString(),
    closedAt: null,
  }
}

/** The newer entry of a key replaces the older. */
function merge<Entry extends AccessEntry>(older: readonly Entry[], newer: readonly Entry[]): Entry[] {
  return [...new Map([...older, ...newer].map((entry) => [keyOf(entry), entry])).values()]
}
