import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import {
  type AccessEntry,
  type AccessNote,
  type AccessRecord,
  accessRecordSchema,
  type ClosedEntry,
} from '../../core/documents/access.ts'
import { SampanError, toSampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { ownProcess } from '../../core/runtime/process-identity.ts'
import { keyOf } from './entry.ts'
import { listOpenRun } from './open-runs.ts'
import { LOCAL_STACK } from './tools.ts'

/** The code of an opening that came too late: its execution is being closed. */
export const CLOSED_MEANWHILE = 'ACCESS_CLOSED_MEANWHILE'

/** So many writers that are quicker than this one are no accident. */
const MOST_ATTEMPTS = 20

/**
 * The record of one execution, written to its artefact at every change. Two may write at once, since an execution can be stopped
 * while OpenAccess is at work: each change is made to the record as it is, and made again where the other was quicker.
 */
export class RecordKeeper {
  readonly #store: ArtefactStore
  readonly #run: RunIdentity
  readonly #clock: () => Date
  readonly #empty: AccessRecord
  #record: AccessRecord
  /** Of the record in the store, `null` where there is none yet. */
  #version: string | null = null
  #unreadable: SampanError | null = null
  readonly #closing: boolean
  #unwritten: SampanError | null = null

  private constructor(store: ArtefactStore, run: RunIdentity, stack: string, clock: () => Date, closing: boolean) {
    this.#closing = closing
    this.#store = store
    this.#run = run
    this.#clock = clock
    this.#empty = emptyRecord(run, stack, clock)
    this.#record = this.#empty
  }

  /** Takes up the record where an earlier attempt left it, or begins one (not written before its first change). */
  static async open(store: ArtefactStore, run: RunIdentity, stack: string, clock: () => Date): Promise<RecordKeeper> {
    const keeper = new RecordKeeper(store, run, stack, clock, false)
    await keeper.refresh()
    return keeper
  }

  /**
   * As `open`, but a record that cannot be read keeps nothing open that is found without it; it is left as it is. One that cannot
   * be written holds nothing up either: closing is more than saying so.
   */
  static async openToClose(
    store: ArtefactStore,
    run: RunIdentity,
    stack: string,
    clock: () => Date,
  ): Promise<RecordKeeper> {
    const keeper = new RecordKeeper(store, run, stack, clock, true)
    try {
      await keeper.refresh()
    } catch (error) {
      keeper.#unreadable = toSampanError(error)
    }
    return keeper
  }

  get record(): AccessRecord {
    return this.#record
  }

  /** Whether there is a record in the store, of notes alone it may be. */
  get isStored(): boolean {
    return this.#version !== null
  }

  /** Why the record in the store cannot be read; `null` where it can. */
  get unreadable(): SampanError | null {
    return this.#unreadable
  }

  /** Why the record could not be written while closing went on; `null` where it could. */
  get unwritten(): SampanError | null {
    return this.#unwritten
  }

  /** Reads the record again: another may have written. */
  async refresh(): Promise<void> {
    const found = await this.#store.readVersion(keyOfRecord(this.#run))
    this.#record = found === null ? this.#empty : parseRecord(found.text, this.#run)
    this.#version = found?.version ?? null
  }

  /** Notes of this attempt; those of an earlier one with the same code are replaced. */
  async note(notes: readonly AccessNote[]): Promise<void> {
    if (notes.length === 0) return
    const codes = new Set(notes.map((note) => note.code))
    await this.#write((record) => ({ notes: [...record.notes.filter((note) => !codes.has(note.code)), ...notes] }))
  }

  /**
   * Before opening: what may stand from now on.
   * @throws SampanError `ACCESS_CLOSED_MEANWHILE` where closing has begun: nothing more may be opened
   */
  async intend(entries: readonly AccessEntry[]): Promise<void> {
    // In this order: one that is killed in between is listed in vain, and not open without being listed.
    const process = this.#empty.stack === LOCAL_STACK ? await ownProcess() : null
    await listOpenRun(this.#store, this.#run, { listedAt: this.#clock().toISOString(), process })
    await this.#write((record) => {
      if (record.closingSince !== null) throw closedMeanwhile(this.#run)
      return { intended: merge(record.intended, entries), closedAt: null }
    })
  }

  /**
   * After opening, and after whatever was waited for: nobody has begun to close meanwhile, so whoever closes later sees all of it.
   * @throws SampanError `ACCESS_CLOSED_MEANWHILE`: what was opened has to be taken back
   */
  async stillOpening(): Promise<void> {
    await this.refresh()
    if (this.#record.closingSince !== null) throw closedMeanwhile(this.#run)
  }

  /** Before closing: nothing is opened from now on. Where nothing was ever intended there is nothing to write. */
  async beginClosing(): Promise<void> {
    if (this.#version === null || this.#record.closingSince !== null) return
    await this.#write((record) => ({ closingSince: record.closingSince ?? this.#clock().toISOString() }))
  }

  /** After opening: what stands. */
  async remember(entries: readonly AccessEntry[]): Promise<void> {
    if (entries.length === 0) return
    const keys = new Set(entries.map(keyOf))
    await this.#write((record) => ({
      intended: record.intended.filter((entry) => !keys.has(keyOf(entry))),
      opened: merge(record.opened, entries),
    }))
  }

  /** After closing: what is verified to be gone. */
  async closed(entries: readonly ClosedEntry[]): Promise<void> {
    if (entries.length === 0) return
    await this.#write((record) => ({ closed: merge(record.closed, entries) }))
  }

  /** What is open is meant to stand longer. */
  async renew(expiresAt: string): Promise<void> {
    if (this.#version === null) return
    await this.#write((record) => ({ opened: record.opened.map((entry) => ({ ...entry, expiresAt })) }))
  }

  /** Everything is verified to be closed. Intentions stay: what came of them late is looked for once more by the sweep. */
  async finish(): Promise<void> {
    await this.#write(() => ({ closedAt: this.#clock().toISOString() }))
  }

  /** Makes a change to the record; where it cannot be written, and closing must go on, to what is known of it. */
  async #write(change: Change): Promise<void> {
    if (this.#unreadable === null && this.#unwritten === null) {
      try {
        await this.#writeToStore(change)
        return
      } catch (error) {
        if (!this.#closing) throw error
        this.#unwritten = toSampanError(error)
      }
    }
    this.#record = withOpen({ ...this.#record, ...change(this.#record) })
  }

  /** Makes a change to the record as it is in the store. */
  async #writeToStore(change: Change): Promise<void> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const record = withOpen({ ...this.#record, ...change(this.#record), updatedAt: this.#clock().toISOString() })
      const text = `${JSON.stringify(record, null, 2)}\n`
      const version = await this.#store.writeIf(keyOfRecord(this.#run), text, 'application/json', this.#version)
      if (version !== null) {
        this.#record = record
        this.#version = version
        return
      }
      await this.refresh()
    }
    throw new SampanError({
      code: 'ACCESS_RECORD_BUSY',
      message: `others write what ${this.#run.execution} opened and closed again and again`,
      remedy: 'nothing to do: the step tries again',
      retryable: true,
    })
  }
}

type Change = (record: AccessRecord) => Partial<AccessRecord>

const keyOfRecord = (run: RunIdentity): string => artefactKey(run, 'access.json')

const UNREADABLE = 'ACCESS_RECORD_UNREADABLE'

function parseRecord(text: string, run: RunIdentity): AccessRecord {
  try {
    return accessRecordSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new SampanError({
      code: UNREADABLE,
      message: `${keyOfRecord(run)}, what ${run.execution} opened, cannot be read`,
      remedy: `restore an older version of it; where there is none, look for rules tagged sampan:execution=${run.execution} and for a whitelist group that begins with "sampan_", remove them by hand, and delete open/${run.execution}/${run.id}`,
      cause,
    })
  }
}

/** The record of an execution, `null` where nothing was ever opened. */
export async function readRecord(store: ArtefactStore, run: RunIdentity): Promise<AccessRecord | null> {
  const text = await store.read(keyOfRecord(run))
  return text === null ? null : parseRecord(text, run)
}

function withOpen(record: AccessRecord): AccessRecord {
  const closed = new Map(record.closed.map((entry) => [keyOf(entry), entry.closedAt]))
  const open = record.opened.filter(
    (entry) => !entry.existedBefore && !((closed.get(keyOf(entry)) ?? '') >= entry.openedAt),
  )
  return { ...record, open }
}

function closedMeanwhile(run: RunIdentity): SampanError {
  return new SampanError({
    code: CLOSED_MEANWHILE,
    message: `the execution ${run.execution} has ended while its access was being opened: what it had opened is closed again`,
    remedy: 'nothing to do; start the task again where it is still wanted',
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
    closingSince: null,
    closedAt: null,
  }
}

/** The newer entry of a key replaces the older. */
function merge<Entry extends AccessEntry>(older: readonly Entry[], newer: readonly Entry[]): Entry[] {
  return [...new Map([...older, ...newer].map((entry) => [keyOf(entry), entry])).values()]
}
