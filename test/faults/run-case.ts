import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultCase, Kind } from './case.ts'
import { type Child, startSampan, startVictim } from './child.ts'
import type { Fault } from './fault.ts'
import { inflict } from './inflict.ts'
import { findProblems } from './judge.ts'
import type { Pair } from './servers.ts'
import { openStage, type Stage } from './stage.ts'
import { fillStaleViews } from './stale-views.ts'

/** What became of a case. */
export interface CaseResult {
  readonly case: { readonly seed: number; readonly kind: Kind }
  /** What was done, and at which moment. */
  readonly done: string
  /** False where the run did not meet every fault: it was over before, or asked nobody who could have failed. */
  readonly hit: boolean
  readonly seconds: number
  /** Empty where the judges found nothing. */
  readonly problems: readonly string[]
  /** Step by step what was answered other than "done", for a case that is looked into. */
  readonly answers: readonly string[]
}

/** A run that has not ended by then hangs; on a machine with much else to do, a sound one takes a minute. */
const PATIENCE_MILLISECONDS = 180_000
/** A run is started again this often at most; more would hide a run that never ends. */
const MOST_STARTS = 6

/** The codes by which a run may end when the source's structure has changed. Started again, it goes on. */
const TOLD = /\bSRC_(TABLE_REWRITTEN|STRUCTURE_CHANGED|STRUCTURE_OF_PLAN_CHANGED|OBJECTS_CHANGED)\b/

/**
 * What is left of a tree by the hash of an enum, a partition of which was detached, finds its partitions anew on the destination: the hash is
 * of the labels' oids. Where it needs the one that is missing the run says so, and cannot do anything about it.
 */
const CANNOT_COME = /\bDST_ROWS_REFUSED +public\.by_mood cannot be copied: .*no partition of relation "by_mood"/

/**
 * Runs one case: a migration of the nasty database, the fault, the run again until it is done, and the judges.
 * @param pair servers of this case alone until it ends; a side that fails over gets a server of its own
 */
export async function runCase(fault: FaultCase, pair: Pair): Promise<CaseResult> {
  const began = performance.now()
  const stage = await openStage(fault, pair)
  const hit = new Set<Fault>()
  const answers: string[] = []
  try {
    const { problems, isTold } = await migrate(stage, hit, answers)
    if (!isTold) problems.push(...(await judge(stage)))
    if (problems.length > 0) problems.push(...(await tailOfLog(stage.out)))
    return {
      case: fault,
      done: stage.log.join(', '),
      hit: hit.size === fault.faults.length,
      seconds: (performance.now() - began) / 1000,
      problems,
      answers,
    }
  } finally {
    await stage.close()
  }
}

interface Ending {
  readonly problems: string[]
  /** The run has said that its destination is not the source, and why. */
  readonly isTold: boolean
}

const wrong = (problem: string): Ending => ({ problems: [problem], isTold: false })

/** Starts the run, does to it what the case says, and starts it again until it is done. */
async function migrate(stage: Stage, hit: Set<Fault>, answers: string[]): Promise<Ending> {
  const { task, out, log } = stage
  let left: readonly Fault[] = stage.fault.faults
  let lives: readonly number[] = []
  for (let start = 0; start < MOST_STARTS; start += 1) {
    // What is killed is started again by the command itself, once there is nothing left to do to a call of it.
    const child = left.length > 0 ? startVictim({ task, out, faults: left }) : startSampan(task, out)
    const [done, faults] = [hurt(child, left), left]
    const ended = await patiently(child, answers)
    left = await done
    if (ended === null) return wrong(`did not end in ${PATIENCE_MILLISECONDS / 1000} s`)
    if (ended.status === 0) return { problems: [], isTold: false }
    // Only a kill ends a run, or a changed structure that it tells of: anything else it must get over by itself.
    const told = stage.fault.kind === 'ddl' ? TOLD.exec(ended.words)?.[0] : undefined
    if (told !== undefined) stage.note(`ended with ${told}`)
    else if (stage.fault.kind === 'ddl' && CANNOT_COME.test(ended.words)) {
      stage.note('ended with DST_ROWS_REFUSED')
      return { problems: [], isTold: true }
    } else if (ended.status !== null) return wrong(`ended with ${ended.status}: ${ended.words}`)
    for (const fault of faults) if (fault.kind === 'kill') lives = fault.lives
  }
  return wrong(`was started ${MOST_STARTS} times`)

  async function hurt(child: Child, faults: readonly Fault[]): Promise<readonly Fault[]> {
    const [life, ...others] = faults.length > 0 ? [] : lives
    if (life === undefined) {
      return inflict(stage, child, faults, hit).catch((thrown: unknown) => {
        log.push(`the fault itself failed: ${thrown}`)
        return []
      })
    }
    lives = others
    if (await Promise.race([sleep(life, true), child.ended.then(() => false)])) {
      stage.note(`again after ${life} ms`)
      child.kill()
    }
    return []
  }
}

async function patiently(child: Child, answers: string[]) {
  const timer = new AbortController()
  const late = sleep(PATIENCE_MILLISECONDS, null, { signal: timer.signal }).catch(() => null)
  const ended = await Promise.race([child.ended, late])
  timer.abort()
  if (ended === null) child.kill()
  for (const { step, call, answer } of child.answers) {
    if (answer.verdict !== 'done' && answer.verdict !== 'more') {
      answers.push(`${step} ${call}: ${answer.verdict} ${answer.window?.kind ?? ''} ${answer.error?.code ?? ''}`)
    }
  }
  return ended
}

async function judge({ fault, places, name, out }: Stage): Promise<readonly string[]> {
  const { source } = places
  const of = (login: typeof source.at) => findProblems({ name, source: login, destination: places.destination.at, out })
  const untold = fault.kind === 'ddl' ? await fillStaleViews(source.at, out) : []
  const now = [...(await of(source.at)), ...untold]
  if (now.length === 0 || source.before === null) return now
  // It was written to behind the run's back: what arrived is the source of one moment, before or after.
  const before = await of(await source.before())
  return before.length === 0 ? [] : [...now, '— and as it was before it was written to:', ...before]
}

async function tailOfLog(out: string): Promise<string[]> {
  const text = await readFile(join(out, 'log.jsonl'), 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-8)
}
