import type { Relation } from '../../../core/ledger/relation.ts'

/**
 * One claim takes a large chunk, or as many small ones as fit: they travel in one flight, up to the size of a chunk of the
 * default. Between two flights the destination takes what is under way, commits and claims, and the source stands still:
 * 35 ms, while a chunk more in a flight costs next to nothing (docs/performance.md). Of several lanes each is to have several
 * flights, so that all end at about the same time; each table takes its locks on both servers until the flight is over (`lockRoom`).
 */
const FLIGHT = {
  bytes: { least: 8_000_000, most: 256_000_000, perLane: 4 },
  chunks: { least: 16, most: 256, perLane: 2 },
}

/** A flight is to take no longer, at the speed of the one before: what is under way when a call's time is up is lost. */
const FLIGHT_SECONDS = 20

/** How much one claim may take. */
export interface FlightSize {
  readonly bytes: number
  /** Chunks. */
  readonly count: number
}

/**
 * @param relations all that is to be copied
 * @param room how many tables a flight may lock
 */
export function flightSize(
  relations: readonly Pick<Relation, 'bytes'>[],
  lanes: number,
  room = Number.POSITIVE_INFINITY,
): FlightSize {
  const bytes = relations.reduce((sum, relation) => sum + relation.bytes, 0)
  // One lane alone has nobody to share with.
  const count = lanes === 1 ? FLIGHT.chunks.most : part(relations.length, lanes, FLIGHT.chunks)
  return { bytes: lanes === 1 ? FLIGHT.bytes.most : part(bytes, lanes, FLIGHT.bytes), count: Math.min(count, room) }
}

/** @param bytesPerSecond of the flight before, or the limit; `null` for the first flight of a call, which has all its time */
export function nextFlight(size: FlightSize, bytesPerSecond: number | null): FlightSize {
  if (bytesPerSecond === null) return size
  const affordable = Math.max(FLIGHT.bytes.least, Math.floor(bytesPerSecond * FLIGHT_SECONDS))
  return { ...size, bytes: Math.min(size.bytes, affordable) }
}

function part(whole: number, lanes: number, { least, most, perLane }: typeof FLIGHT.bytes): number {
  return Math.min(Math.max(Math.ceil(whole / (perLane * lanes)), least), most)
}
