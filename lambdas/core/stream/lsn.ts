/** A position in the WAL: bytes since its beginning. A number of JavaScript holds 2^53 of the 2^64. */
export type Lsn = bigint

/** `16/B374D848`, as PostgreSQL writes it. */
export function lsnText(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`
}

/** @throws RangeError for what is no position */
export function parseLsn(text: string): Lsn {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? []
  if (high === undefined || low === undefined) throw new RangeError(`${text} is no position in the WAL`)
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}
