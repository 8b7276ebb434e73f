import { violated } from './wire-problem.ts'

/**
 * Whether a body has the form that its type asks for, to the last byte. The driver's parser reads what a message says of
 * itself: a count of columns that is too high leads it into the next message, and an error without its end makes it read
 * for ever.
 * @throws WireProblem
 */
export function checkShape(type: number, body: Buffer): void {
  const check = shapes.get(String.fromCharCode(type))
  if (check !== undefined && !check(body)) {
    throw violated(`it sends a message of type 0x${type.toString(16).padStart(2, '0')} that is broken inside`)
  }
}

type Shape = (body: Buffer) => boolean

/** The end of the text that begins at `from`, one behind its zero; -1 where it has none. */
const behindText = (body: Buffer, from: number): number => body.indexOf(0, from) + 1 || -1

const texts =
  (count: number, from = 0): Shape =>
  (body) => {
    let at = from
    for (let left = count; left > 0 && at >= 0 && at <= body.length; left -= 1) at = behindText(body, at)
    return at === body.length
  }

const empty: Shape = (body) => body.length === 0

/** A count, and so many things of `size` bytes. */
const counted =
  (before: number, size: number): Shape =>
  (body) => {
    if (body.length < before + 2) return false
    return body.length === before + 2 + body.readUInt16BE(before) * size
  }

const row: Shape = (body) => {
  if (body.length < 2) return false
  let at = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    if (at + 4 > body.length) return false
    const length = body.readInt32BE(at)
    if (length < -1) return false
    at += 4 + Math.max(0, length)
  }
  return at === body.length
}

const rowDescription: Shape = (body) => {
  if (body.length < 2) return false
  let at = 2
  for (let left = body.readUInt16BE(0); left > 0; left -= 1) {
    const behind = behindText(body, at)
    if (behind < 0) return false
    at = behind + 18
  }
  return at === body.length
}

const fields: Shape = (body) => {
  let at = 0
  while (at >= 0 && at < body.length && body[at] !== 0) at = behindText(body, at + 1)
  return at >= 0 && at === body.length - 1
}

const authentication: Shape = (body) => {
  if (body.length < 4) return false
  switch (body.readInt32BE(0)) {
    case 0:
    case 3:
      return body.length === 4
    case 5:
      return body.length === 8
    case 10:
      // Names of mechanisms, and an empty one.
      return body.length > 5 && body.at(-1) === 0 && body.at(-2) === 0
    default:
      return true
  }
}

const shapes: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['R', authentication],
  ['S', texts(2)],
  ['K', (body) => body.length >= 8],
  ['E', fields],
  ['N', fields],
  ['Z', (body) => body.length === 1 && 'ITE'.includes(String.fromCharCode(body[0] ?? 0))],
  ['T', rowDescription],
  ['D', row],
  ['C', texts(1)],
  ['A', (body) => body.length >= 6 && texts(2, 4)(body)],
  ['G', counted(1, 2)],
  ['H', counted(1, 2)],
  ['W', counted(1, 2)],
  ['t', counted(0, 4)],
  ...['1', '2', '3', 'n', 's', 'I', 'c'].map((letter): [string, Shape] => [letter, empty]),
])
