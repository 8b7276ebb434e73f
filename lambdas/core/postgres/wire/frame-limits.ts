import { violated } from './wire-problem.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** One row as the driver, or a question beside a COPY, gets it: it is held whole, several times over. */
const LONGEST_ROW = 64 * MIB

/** pg_dump reads definitions of views and bodies of functions of any size; the largest value PostgreSQL has is 1 GiB. */
export const LONGEST_DUMPED_ROW = 256 * MIB

/** A row of COPY passes in pieces and is never held: what PostgreSQL can make is let through. */
const LONGEST_COPY_ROW = 1024 * MIB

/** The messages a server may send to what we ask, and how long their bodies may be (manual, "Message Formats"). */
const longest: ReadonlyMap<number, number> = new Map(
  Object.entries({
    R: 64 * KIB, // Authentication
    S: MIB, // ParameterStatus
    K: KIB, // BackendKeyData
    E: 16 * MIB, // ErrorResponse: its context quotes statements
    N: 16 * MIB, // NoticeResponse
    Z: KIB, // ReadyForQuery
    T: MIB, // RowDescription: 1,664 columns at most
    D: LONGEST_ROW, // DataRow
    C: KIB, // CommandComplete
    I: KIB, // EmptyQueryResponse
    A: 64 * KIB, // NotificationResponse
    G: 64 * KIB, // CopyInResponse
    H: 64 * KIB, // CopyOutResponse
    W: 64 * KIB, // CopyBothResponse
    d: LONGEST_COPY_ROW, // CopyData
    c: KIB, // CopyDone
    '1': KIB, // ParseComplete
    '2': KIB, // BindComplete
    '3': KIB, // CloseComplete
    n: KIB, // NoData
    s: KIB, // PortalSuspended
    t: 512 * KIB, // ParameterDescription: 65,535 parameters at most
  }).map(([letter, bytes]) => [letter.charCodeAt(0), bytes]),
)

const DATA_ROW = 0x44
/** `TTP/`, which follows the H of an HTTP answer, read as a length. */
const HTTP_LENGTH = 0x5454502f

/**
 * Looks at the header of a message before anything of its body is waited for or kept: a server that announces two gigabytes,
 * a negative length or a type that does not exist is not listened to any longer.
 * @param length the length word, which counts itself
 * @returns how many bytes of body follow
 * @throws WireProblem
 */
export function bodyLength(type: number, length: number, longestRow: number = LONGEST_ROW): number {
  if (type === 0x48 && length === HTTP_LENGTH) throw violated('it answers as an HTTP server does')
  const most = type === DATA_ROW ? longestRow : longest.get(type)
  const name = `0x${type.toString(16).padStart(2, '0')}`
  if (most === undefined) throw violated(`it sends a message of the unknown type ${name}`)
  if (length < 4) throw violated(`it announces a message of type ${name} and length ${length}`)
  if (length - 4 > most)
    throw violated(`it announces ${length} bytes in a message of type ${name}, at most ${most} are read`)
  return length - 4
}
