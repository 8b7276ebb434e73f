import type { ClaimedChunk } from '../../../core/ledger/chunks/chunk.ts'
import { claimChunks } from '../../../core/ledger/chunks/claim.ts'
import { type Receipt, writeReceipts } from '../../../core/ledger/chunks/receipts.ts'
import { requireEmpty } from '../../../core/ledger/chunks/require-empty.ts'
import { type Relation, titleOf } from '../../../core/ledger/relation.ts'
import { type Flight, sayLanded } from '../../../core/ledger/under-way.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DAMAGED_REMEDY } from '../../../core/postgres/errors.ts'
import { besideCargo } from '../../../core/rows/beside.ts'
import { type Cargo, type CopyServers, cargoOf } from '../../../core/rows/cargo.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { Pace } from '../pace/pace.ts'
import { type Control, fly, type Sources } from '../stream/flight.ts'
import { isUnknownName } from '../view/how-changed.ts'
import type { NamedType } from '../view/named-types.ts'
import { resetRelation, stillHolds } from '../view/renew.ts'
import { tableChanged } from '../view/rewritten.ts'
import { type Change, changedQuery, readChange, withReads } from '../view/unchanged.ts'
import { isWrongBinary, readFallenBack } from './fall-back.ts'
import { FlightGauge } from './flight-gauge.ts'
import { type FlightSize, flightSize, nextFlight } from './flight-size.ts'
import { LET_GO } from './lane-sources.ts'

/** What the source has done to a relation since the view was taken. */
export interface ChangedRelation {
  readonly relation: Relation
  readonly change: Change
}

export interface LaneOptions {
  readonly run: string
  readonly lane: number
  /** How many lanes there are. */
  readonly lanes: number
  /** The generation of the view the source session reads by. */
  readonly generation: number
  /** How many tables a flight may lock. */
  readonly lockRoom: number
  readonly servers: CopyServers
  readonly relations: ReadonlyMap<number, Relation>
  /** Those that the relations' values are made of. */
  readonly types: readonly NamedType[]
  readonly pace: Pace
  readonly signal: AbortSignal
}

/**
 * A lane: claims chunks, copies them and writes their receipts, in one transaction on the destination each time. The
 * receipts, the COMMIT and the next claim travel together, so a flight waits twice for the destination, however many
 * chunks are in it.
 */
export class Lane {
  readonly #source: Session
  readonly #digests: Session | null
  readonly #destination: Session
  readonly #options: LaneOptions
  readonly #largest: FlightSize
  readonly #gauge: FlightGauge
  /** Of the flight before. */
  #bytesPerSecond: number | null = null
  /** As the ledger has them now: one whose binary form was refused has become text. */
  readonly #relations: Map<number, Relation>
  #refused: Relation | null = null
  #suspected: Relation | null = null
  #changed: ChangedRelation | null = null
  #broken: ClaimedChunk | null = null
  /** The chunks of the open transaction, for the count of a failed attempt. */
  #claimed: readonly ClaimedChunk[] = []

  /** @param destination a pipelined session: what it is asked is sent at once */
  constructor({ rows, digests }: Sources, destination: Session, options: LaneOptions) {
    this.#source = rows
    this.#digests = digests
    this.#destination = destination
    this.#options = options
    this.#gauge = new FlightGauge(options.pace)
    this.#largest = flightSize([...options.relations.values()], options.lanes, options.lockRoom)
    this.#relations = new Map(options.relations)
  }

  /** The relation whose binary form a server has refused: it has to travel as text. */
  get refused(): Relation | null {
    return this.#refused
  }

  /** The generation of the view it reads by. */
  get generation(): number {
    return this.#options.generation
  }

  /** The relation for whose statement the source has another meaning, or none, than when it was planned. */
  get suspected(): Relation | null {
    return this.#suspected
  }

  /** The relation that the source has changed since the view was taken: it has to be copied in a newer one. */
  get changed(): ChangedRelation | null {
    return this.#changed
  }

  /** What the open transaction has copied so far; `null` before the first one. */
  get underWay(): Flight | null {
    return this.#gauge.underWay
  }

  /** A relation's name for people. */
  titleOf(oid: number): string | null {
    const relation = this.#relations.get(oid)
    return relation === undefined ? null : titleOf(relation)
  }

  /** The relation at which the last flight broke. */
  get broken(): Relation | null {
    return this.#relations.get(this.#broken?.relation ?? -1) ?? null
  }

  /** What both servers are. */
  get servers(): CopyServers {
    return this.#options.servers
  }

  /** The chunk at which the last flight broke; what is said at the end of a transaction is said of none. */
  get brokenChunk(): ClaimedChunk | null {
    return this.#broken
  }

  /** What the transaction that is open holds. */
  get claimed(): readonly number[] {
    return this.#claimed.map((chunk) => chunk.id)
  }

  /**
   * Copies flight after flight.
   * @param goOn asked before each claim; false ends the lane with everything committed
   * @returns true where nothing is left that nobody else holds, false where `goOn` said so
   */
  async copyAll(goOn: () => boolean, committed: (receipts: readonly Receipt[]) => void): Promise<boolean> {
    await this.#claim([])
    while (this.#claimed.length > 0) {
      const outdated = await this.#outdated()
      if (outdated !== null) {
        await this.#copyAnew(outdated)
        continue
      }
      const receipts = await this.#fly()
      const more = goOn()
      if (more) await this.#claim(receipts)
      else await this.#commit(receipts)
      committed(receipts)
      if (!more) return false
    }
    await this.#destination.execute('ROLLBACK')
    return true
  }

  async #fly(): Promise<Receipt[]> {
    const { pace, signal } = this.#options
    const due = this.#claimed.filter((chunk) => chunk.state === 'pending')
    const cargo = due.map((chunk) => this.#cargo(chunk))
    await this.#requireEmpty(due)
    await pace.queries(cargo.length, signal)
    const started = performance.now()
    let broken: ClaimedChunk | undefined
    this.#gauge.begin(due)
    const deliveries = await fly(
      { rows: this.#source, digests: this.#digests },
      this.#destination,
      cargo,
      this.#gauge,
      (index) => {
        broken ??= due[index]
      },
      this.#control(),
    ).catch((thrown: unknown) => {
      const relation = broken === undefined ? undefined : this.#relations.get(broken.relation)
      if (relation !== undefined && isUnknownName(thrown)) this.#suspected = relation
      this.#broken = broken ?? null
      if (relation !== undefined && isWrongBinary(relation, thrown)) this.#refused = relation
      throw thrown
    })
    this.#gauge.landed()
    const bytes = deliveries.reduce((sum, delivery) => sum + delivery.bytes, 0)
    this.#bytesPerSecond = (bytes / Math.max(1, performance.now() - started)) * 1_000
    return deliveries.map((delivery, index) => ({ id: due[index]?.id ?? 0, ...delivery }))
  }

  #cargo(chunk: ClaimedChunk): Cargo {
    const { run, servers } = this.#options
    const relation = relationOf(this.#relations, chunk)
    const cargo = cargoOf(relation, chunk, servers)
    return relation.beside ? besideCargo(cargo, relation, relation.beside, { run, chunk: chunk.id, servers }) : cargo
  }

  /** Tables that stood there before the run, but for those whose rows stay. */
  async #requireEmpty(due: readonly ClaimedChunk[]): Promise<void> {
    const oids = [...new Set(due.map(({ relation }) => relation))]
    const kept = oids.filter((oid) => {
      const relation = this.#relations.get(oid)
      return relation?.kept === true && !relation.beside
    })
    if (kept.length > 0) await requireEmpty(this.#destination, this.#options.run, kept)
  }

  /** Whatever was read or proved is what the view knows. Behind that all locks are let go of, on each session of the source. */
  #control(): Control {
    const relations = new Map(this.#claimed.map((chunk) => [chunk.relation, relationOf(this.#relations, chunk)]))
    const { types, servers } = this.#options
    const question = (asked: readonly Relation[]) =>
      [changedQuery(withReads(asked), types, servers.sourceVersion), LET_GO].filter((sql) => sql !== null).join('; ')
    const all = [...relations.values()]
    return {
      rows: question(all),
      digests: question(all.filter(({ source }) => source.digestSql !== null)),
      judge: ({ rows: [row] }) => {
        const found = readChange(row)
        const relation =
          relations.get(found?.oid ?? -1) ?? all.find(({ reads }) => reads?.some(({ oid }) => oid === found?.oid))
        if (found === null || relation === undefined) return
        this.#changed = { relation, change: found.change }
        throw tableChanged(relation, found.change)
      },
    }
  }

  /** The first relation whose chunk, copied in an older view, no longer equals the source. */
  async #outdated(): Promise<Relation | null> {
    const { servers } = this.#options
    for (const chunk of this.#claimed) {
      if (chunk.state !== 'done') continue
      const relation = relationOf(this.#relations, chunk)
      const holds = await stillHolds(this.#source, relation, chunk, servers).catch((thrown: unknown) => {
        if (isUnknownName(thrown)) this.#suspected = relation
        throw thrown
      })
      if (!holds) return relation
    }
    return null
  }

  async #copyAnew(relation: Relation): Promise<void> {
    const { run, generation } = this.#options
    await Promise.all([this.#destination.execute('ROLLBACK'), this.#source.execute(LET_GO)])
    this.#claimed = []
    await resetRelation(this.#destination, run, relation, generation)
    await this.#claim([])
  }

  async #commit(receipts: readonly Receipt[]): Promise<void> {
    await Promise.all(this.#settle(receipts))
    this.#claimed = []
  }

  /** Receipts, COMMIT, BEGIN and the next claim, sent together. */
  async #claim(receipts: readonly Receipt[]): Promise<void> {
    const settled = this.#claimed.length === 0 ? [] : this.#settle(receipts)
    const [claimed] = await Promise.all([this.#begin(), ...settled])
    this.#claimed = claimed
  }

  /** Sent in this order before anything that follows: the session is pipelined. */
  #settle(receipts: readonly Receipt[]): Promise<void>[] {
    const { run, lane } = this.#options
    return [
      writeReceipts(this.#destination, run, lane, receipts),
      sayLanded(this.#destination, run, lane, this.#gauge.number),
      this.#destination.execute('COMMIT'),
    ]
  }

  async #begin(): Promise<ClaimedChunk[]> {
    const { run, generation } = this.#options
    const [, claimed, fallen] = await Promise.all([
      this.#destination.execute('BEGIN'),
      claimChunks(
        this.#destination,
        run,
        generation,
        nextFlight(this.#largest, this.#bytesPerSecond ?? this.#options.pace.limit),
      ),
      readFallenBack(this.#destination, run),
    ])
    for (const relation of fallen) this.#relations.set(relation.oid, relation)
    return claimed
  }
}

function relationOf(relations: ReadonlyMap<number, Relation>, chunk: ClaimedChunk): Relation {
  const relation = relations.get(chunk.relation)
  if (relation !== undefined) return relation
  throw new SampanError({
    code: 'LEDGER_DAMAGED',
    message: `chunk ${chunk.id} belongs to a relation the ledger does not know (oid ${chunk.relation})`,
    remedy: DAMAGED_REMEDY,
  })
}
