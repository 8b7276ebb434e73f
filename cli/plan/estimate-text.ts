import { bytesText, durationText, numberOf } from '../../lambdas/core/present/units.ts'
import { line } from '../summary/line.ts'
import type { Span } from './estimate.ts'
import type { Measured } from './measure.ts'
import type { Money } from './money.ts'
import type { TimeEstimate } from './time-estimate.ts'

/**
 * How long a run takes, and what that rests on.
 * @param time or why it is not known
 * @param fills materialized views that are filled: only their queries know how long
 * @param begun some rows are copied already
 */
export function timeLines(time: TimeEstimate | string, fills: number, begun: boolean): readonly string[] {
  if (typeof time === 'string') return [line('time', `not known: ${time}`)]
  const { seconds, copy, index, compare, sent, basis } = time
  const parts = `copying ${spanText(copy)}, keys and indexes ${spanText(index)}, comparing ${spanText(compare)}`
  const samples = `${numberOf(basis.samples, 'sample')} (${bytesText(basis.bytes)}) by ${numberOf(basis.lanes, 'lane')} at ${bytesText(basis.bytesPerSecond)}/s`
  const views = fills === 0 ? '' : `; ${numberOf(fills, 'materialized view')} to be filled not counted`
  return [
    line('time', `${spanText(seconds)}${begun ? ', from the beginning: what is copied already is not deducted' : ''}`),
    line('', `${parts}${views}`),
    line('', `measured just now from this machine: ${samples}, rolled back; ${bytesText(sent)} travel`),
  ]
}

/** Of a run that follows: what the source writes until its changes are taken, and what it may keep. */
export function walLines(time: TimeEstimate | string, measured: Iterable<Measured>): readonly string[] {
  const known = [...measured].flatMap(({ wal }) => (wal == null ? [] : [wal]))
  // All databases of a server write one WAL.
  const most = known.toSorted((one, other) => other.bytesPerSecond - one.bytesPerSecond)[0]
  if (most === undefined) return []
  const { bytesPerSecond, allowed } = most
  const limit = `${allowed.because}: beyond it the slot is given up`
  if (typeof time === 'string') return [line('WAL', `${bytesText(bytesPerSecond)}/s; ${limit}`)]
  const kept = bytesPerSecond * (time.copy.high + time.index.high)
  const short = kept > allowed.megabytes * 1024 * 1024 ? 'TOO MUCH: ' : ''
  return [
    line(
      'WAL',
      `${short}about ${bytesText(kept)} until the changes are followed, at ${bytesText(bytesPerSecond)}/s; ${limit}`,
    ),
  ]
}

/** What it costs by docs/prices.json. */
export function moneyLines({ gigabytes, egressGigabyte, egress, deployed, fromAws }: Money): readonly string[] {
  const where = fromAws ? '' : ', if the source is on AWS'
  const amount = `${dollars(egress)}${where}: ${gigabytes < 0.01 ? 'less than 0.01' : gigabytes.toFixed(2)} GB leave it at ${egressGigabyte} US dollars each`
  const inCloud = `with sampan start ${dollars(deployed)}: functions, transitions and the NAT gateway’s hour and gigabytes too`
  return [line('money', amount), ...(fromAws ? [line('', inCloud)] : [])]
}

function dollars(amount: number): string {
  return amount < 0.01 ? 'less than 0.01 US dollars' : `about ${amount.toFixed(2)} US dollars`
}

/** Two digits, the lower end down and the upper one up: more was not measured. */
export function spanText({ low, high }: Span): string {
  const [from, to] = [rounded(low, Math.floor), rounded(high, Math.ceil)].map(durationText)
  return from === to ? `${to}` : `${from} to ${to}`
}

function rounded(seconds: number, round: (number: number) => number): number {
  if (seconds <= 0) return 0
  const step = 10 ** (Math.floor(Math.log10(Math.max(1, seconds))) - 1)
  return Number((round(seconds / step) * step).toPrecision(2))
}
