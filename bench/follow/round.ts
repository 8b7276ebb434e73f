import { readFile, writeFile } from 'node:fs/promises'
import type pg from 'pg'
import type { Measure } from '../measure.ts'
import type { Load } from './loads.ts'
import { memoryOf, type Pair } from './pair.ts'

const TICKS = 100
export const CONTENDERS = ['Sampan', 'subscription'] as const
export type Contender = (typeof CONTENDERS)[number]

/**
 * Both are stopped (SIGSTOP) while the source is written to, and go on one after the other: neither decodes while the other one is measured.
 * Until what was written last can be read there. Linux alone.
 */
export async function measureRound(
  pair: Pair,
  load: Load,
  order: readonly Contender[],
): Promise<Readonly<Record<Contender, Measure>>> {
  const stopped = new Map<Contender, readonly number[]>()
  for (const name of order) stopped.set(name, await pidsOf(pair, name))
  const all = [...stopped.values()].flat()
  for (const pid of all) process.kill(pid, 'SIGSTOP')
  try {
    await pair.source.query(load.sql)
    const [row] = (await pair.source.query<{ n: number }>('UPDATE mark SET n = n + 1 RETURNING n')).rows
    const measures: Partial<Record<Contender, Measure>> = {}
    for (const name of order) measures[name] = await measureOne(pair, name, stopped.get(name) ?? [], row?.n ?? 0)
    return measures as Record<Contender, Measure>
  } finally {
    for (const pid of all) process.kill(pid, 'SIGCONT')
  }
}

async function measureOne(pair: Pair, name: Contender, pids: readonly number[], mark: number): Promise<Measure> {
  const applying = await applyingOf(pair, name)
  const before = [await cpuOf(applying), await cpuOf(pids)] as const
  // The peak begins anew.
  if (name === 'Sampan') await writeFile(`/proc/${pair.run}/clear_refs`, '5')
  const began = performance.now()
  for (const pid of pids) process.kill(pid, 'SIGCONT')
  await pair.until(name === 'Sampan' ? pair.ours : pair.native, `SELECT 1 FROM mark WHERE n = ${mark}`)
  const wall = (performance.now() - began) / 1000
  return {
    wall,
    destinationCpu: (await cpuOf(applying)) - before[0],
    // The subscription's worker receives and applies.
    cpu: name === 'Sampan' ? (await cpuOf(pids)) - before[1] : 0,
    rss: name === 'Sampan' ? await memoryOf(pair.run, 'VmHWM') : Number.NaN,
    sourceCpu: Number.NaN,
    more: {},
  }
}

async function pidsOf(pair: Pair, name: Contender): Promise<readonly number[]> {
  return name === 'Sampan' ? [pair.run] : applyingOf(pair, name)
}

/** The processes of the destination that apply. */
function applyingOf({ ours, native }: Pair, name: Contender): Promise<readonly number[]> {
  return name === 'Sampan'
    ? pids(ours, `SELECT pid FROM pg_stat_activity WHERE application_name ~ ':follow' AND datname = 'ours'`)
    : pids(native, `SELECT pid FROM pg_stat_subscription WHERE relid IS NULL AND pid IS NOT NULL`)
}

async function pids(client: pg.Client, sql: string): Promise<readonly number[]> {
  return (await client.query<{ pid: number }>(sql)).rows.map(({ pid }) => pid)
}

/** Seconds of the processor's, of processes that live. */
async function cpuOf(processes: readonly number[]): Promise<number> {
  const stats = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return stats.reduce((sum, stat) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS
  }, 0)
}
