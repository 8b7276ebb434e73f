import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compareDatabases } from '../../support/judges.ts'
import { ask, enter } from '../ask.ts'
import { type Child, startFollower } from '../child.ts'
import { findBackends, findLedgerProblems } from '../judge.ts'
import { stopImmediately } from '../outage.ts'
import type { CaseResult } from '../run-case.ts'
import type { Pair } from '../servers.ts'
import type { FollowCase, FollowFault } from './case.ts'
import { type FollowStage, openFollowStage } from './stage.ts'
import { startWriters } from './writers.ts'

const PATIENCE_MILLISECONDS = 180_000
const POLL_MILLISECONDS = 50
/** After so long the writers of a run that does not catch up go slower. */
const REST_MILLISECONDS = 60_000

/** Says for ever what the sum is, in whichever moment it is read. */
const SUM = `SELECT (SELECT sum(balance) FROM bank.account) + (SELECT sum("SELECT") FROM "Odd schema"."Money ""box") AS sum`
const WHOLE = '200000'
/** The rows are here, and foreign keys are not yet. */
const COPIED = `SELECT 1 FROM sampan.run r JOIN sampan.stream s ON s.run = r.id WHERE r.copied_at IS NOT NULL AND s.state <> 'intended'`

/** Runs one case: writers, a run that follows them, what is done to it, the cutover, and the judges. */
export async function runFollowCase(fault: FollowCase, pair: Pair): Promise<CaseResult> {
  const began = performance.now()
  const stage = await openFollowStage(fault.seed, pair)
  const log: string[] = []
  const note = (what: string) => void log.push(`${what} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  const writers = startWriters(stage.places.source.at, stage.name, fault)
  const run = new Run(stage, fault, note)
  const reader = new Reader(stage)
  const problems: string[] = []
  try {
    for (const one of fault.faults) {
      await sleep(one.after)
      if (await run.isFollowing()) writers.late = true
      problems.push(...(await inflict(stage, run, one)))
      note(describe(one))
    }
    const resting = setTimeout(() => {
      writers.rest = 300
    }, REST_MILLISECONDS)
    await run.until(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`).finally(() => clearTimeout(resting))
    writers.rest = 0
    writers.late = true
    const { committed } = writers
    while (writers.committed < committed + 100) await sleep(POLL_MILLISECONDS)
    await writers.stop()
    note(`${writers.committed} transactions`)
    problems.push(...(await cutOver(stage, run, fault, note)), ...(await judge(stage)))
  } catch (thrown) {
    problems.push(thrown instanceof Error ? thrown.message : String(thrown))
  } finally {
    await writers.stop()
    problems.push(...(await reader.stop()))
    run.kill()
  }
  note(`sum read ${reader.looks} times, ${await healed(stage)} healed`)
  if (problems.length > 0) problems.push(...(await tail(stage.out)))
  await stage.close()
  const seconds = (performance.now() - began) / 1000
  return { case: fault, done: log.join(', '), hit: true, seconds, problems, answers: [] }
}

/** The process of the run; started again whenever it was killed. */
class Run {
  readonly #stage: FollowStage
  readonly #fault: FollowCase
  readonly #note: (what: string) => void
  #child: Child
  #starts = 0

  constructor(stage: FollowStage, fault: FollowCase, note: (what: string) => void) {
    this.#stage = stage
    this.#fault = fault
    this.#note = note
    this.#child = this.#start()
  }

  get ended() {
    return this.#child.ended
  }

  kill(): void {
    this.#child.kill()
  }

  async again(): Promise<void> {
    this.#child.kill()
    await this.#child.ended
    this.#child = this.#start()
  }

  async isFollowing(): Promise<boolean> {
    return (await this.#look(COPIED)).length > 0
  }

  /** @throws Error where the run ends before the statement has a row */
  async until(sql: string): Promise<void> {
    const until = performance.now() + PATIENCE_MILLISECONDS
    const { ended } = this
    let over: Awaited<typeof ended> | null = null
    ended.then((how) => {
      over = how
    })
    while ((await this.#look(sql)).length === 0) {
      if (over !== null) throw new Error(`the run ended: ${JSON.stringify(over)}`)
      if (performance.now() > until) throw new Error(`waited in vain for ${sql}`)
      await sleep(POLL_MILLISECONDS)
    }
  }

  async #look(sql: string) {
    return ask(this.#stage.places.destination.at, this.#stage.name, sql).catch(() => [])
  }

  #start(): Child {
    const part = this.#fault.parts[this.#starts % this.#fault.parts.length] ?? 1000
    this.#starts += 1
    this.#note(`parts of ${part}`)
    return startFollower({ task: this.#stage.task, out: this.#stage.out, part })
  }
}

async function inflict(stage: FollowStage, run: Run, fault: FollowFault): Promise<readonly string[]> {
  switch (fault.kind) {
    case 'kill':
      await run.again()
      return []
    case 'cut': {
      stage.places[fault.side].relay.cutAfter(fault.bytes, 'received')
      return []
    }
    case 'restart': {
      const { relay, server } = stage.places[fault.side]
      relay.leadTo(null)
      if (fault.how === 'crash') await server.kill()
      if (fault.how === 'immediate') stopImmediately(server)
      await server.restart()
      relay.cut()
      relay.leadTo(server.port)
      return []
    }
    case 'terminate': {
      const own = `application_name LIKE 'sampan:${stage.name}:%'`
      await ask(
        stage.places[fault.side].at,
        'postgres',
        `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE ${own} ORDER BY random() LIMIT 1) one`,
      )
      return []
    }
    case 'word':
      return (await run.isFollowing()) ? askInVain(stage) : []
  }
}

/** A writer that does not let go: the cutover is given up, and following goes on. */
async function askInVain(stage: FollowStage): Promise<readonly string[]> {
  const { source, destination } = stage.places
  const slow = await enter(source.at, stage.name)
  try {
    await slow.query(`SET deadlock_timeout = '10s'; BEGIN; UPDATE bank.account SET note = 'slow' WHERE id = 150`)
    await ask(destination.at, stage.name, ASK)
    const until = performance.now() + 8_000
    while (performance.now() < until) {
      const [row] = await ask(destination.at, stage.name, 'SELECT state, withdrawn FROM sampan.stream')
      if (row?.state === 'arrived') return ['a cutover has succeeded in spite of a writer']
      if (row?.withdrawn !== null) break
      await sleep(POLL_MILLISECONDS)
    }
    return []
  } finally {
    await slow.query('COMMIT').catch(() => {})
    await slow.end()
  }
}

const ASK = `UPDATE sampan.stream SET cutover_at = now(), withdrawn = NULL WHERE state = 'open'`

async function cutOver(
  stage: FollowStage,
  run: Run,
  { killedAtCutover }: FollowCase,
  note: (what: string) => void,
): Promise<readonly string[]> {
  const { destination } = stage.places
  await ask(destination.at, stage.name, ASK)
  if (killedAtCutover !== null) {
    await sleep(killedAtCutover)
    await run.again()
    note(`killed ${killedAtCutover} ms behind the word`)
  }
  const until = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const ended = await Promise.race([run.ended, sleep(300, null)])
    if (ended !== null) return ended.status === 0 ? [] : [`ended with ${ended.status}: ${ended.words}`]
    if (performance.now() > until) return [`the cutover did not end in ${PATIENCE_MILLISECONDS / 1000} s`]
    // A word that nobody has heard is withdrawn.
    await ask(destination.at, stage.name, `${ASK} AND cutover_at IS NULL`).catch(() => {})
  }
}

async function judge({ name, places, out }: FollowStage): Promise<readonly string[]> {
  const { source, destination } = places
  await ask(source.at, name, 'REFRESH MATERIALIZED VIEW total')
  const side = ({ at }: typeof source) => ({ connection: { ...at, database: name } })
  const left = await ask(
    source.at,
    name,
    `SELECT slot_name AS name FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT pubname FROM pg_publication`,
  )
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8').catch(() => '{}')) as { status?: string }
  return [
    ...(await compareDatabases(side(source), side(destination))),
    ...(await findLedgerProblems(destination.at, name)),
    ...(await findBackends(source.at, name)),
    ...(await findBackends(destination.at, name)),
    ...left.map((row) => `${row.name} is left on the source`),
    ...(report.status === 'succeeded' ? [] : [`the report says ${report.status}`]),
  ]
}

/** Reads the sum on the destination from when the rows are copied: a transaction of the source is there whole, or not at all. */
class Reader {
  readonly #stopping = new AbortController()
  readonly #working: Promise<void>
  readonly #problems: string[] = []
  looks = 0

  constructor({ name, places }: FollowStage) {
    this.#working = this.#work(name, places.destination.at)
  }

  async stop(): Promise<readonly string[]> {
    this.#stopping.abort()
    await this.#working
    return this.#problems
  }

  async #work(name: string, at: FollowStage['places']['source']['at']): Promise<void> {
    while (!this.#stopping.signal.aborted && this.#problems.length === 0) {
      await sleep(POLL_MILLISECONDS)
      const copied = await ask(at, name, COPIED).catch(() => [])
      if (copied.length === 0) continue
      const [row] = await ask(at, name, SUM).catch(() => [])
      if (row === undefined) continue
      this.looks += 1
      if (row.sum !== WHOLE) this.#problems.push(`the sum on the destination was ${row.sum}`)
    }
  }
}

async function healed({ name, places }: FollowStage): Promise<string> {
  const [row] = await ask(places.destination.at, name, 'SELECT healed FROM sampan.stream').catch(() => [])
  return row?.healed ?? '?'
}

async function tail(out: string): Promise<readonly string[]> {
  const text = await readFile(join(out, 'log.jsonl'), 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-8)
}

function describe(fault: FollowFault): string {
  switch (fault.kind) {
    case 'kill':
      return 'SIGKILL'
    case 'cut':
      return `${fault.side} cut after ${fault.bytes} bytes`
    case 'restart':
      return `${fault.side} restarts (${fault.how})`
    case 'terminate':
      return `a session ended on the ${fault.side}`
    case 'word':
      return 'a cutover asked for in vain'
  }
}
