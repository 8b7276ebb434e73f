import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskInput } from '../../lambdas/task/task.ts'
import type { Server } from '../../local/servers/server.ts'
import { openRelay, type TcpRelay } from '../support/tcp-relay.ts'
import { ask, type Login } from './ask.ts'
import type { FaultCase, Side } from './case.ts'
import { type Child, startSampan, startVictim } from './child.ts'
import { findProblems } from './judge.ts'
import { loginOf, type Pair, SOURCE_DATABASE, startSource } from './servers.ts'
import { awaitReplay, primarySettings, type Standby, startStandby } from './standby.ts'

/** What became of a case. */
export interface CaseResult {
  readonly case: FaultCase
  /** What was done, and at which moment. */
  readonly done: string
  /** False where the run was over before the moment came. */
  readonly hit: boolean
  readonly seconds: number
  /** Empty where the judges found nothing. */
  readonly problems: readonly string[]
  /** Step by step what was answered other than "done", for a case that is looked into. */
  readonly answers: readonly string[]
}

/** A migration of one case, and where it can be got at. */
interface Stage {
  readonly fault: FaultCase
  readonly name: string
  readonly task: string
  readonly out: string
  readonly relays: Readonly<Record<Side, TcpRelay>>
  readonly pair: Pair
  /** Kind `failover`. */
  readonly standby: Standby | null
  /** When it began, for moments. */
  readonly began: number
  readonly log: string[]
  hit: boolean
  readonly answers: string[]
}

/** A run that has not ended by then hangs. */
const PATIENCE_MILLISECONDS = 90_000
/** A run is started again this often at most; more would hide a run that never ends. */
const MOST_STARTS = 6

/**
 * Runs one case: a migration of the nasty database, the fault, the run again until it is done, and the judges.
 * @param pair servers of this case alone until it ends; a failover brings a source of its own
 */
export async function runCase(fault: FaultCase, pair: Pair): Promise<CaseResult> {
  const began = performance.now()
  const directory = await mkdtemp(join(tmpdir(), 'sampan-fault-'))
  const own = fault.kind === 'failover' ? await startSource({ settings: primarySettings }) : null
  const standby = own === null ? null : await startStandby(own)
  const source = own ?? pair.source
  if (standby !== null) await awaitReplay(loginOf(source), standby)
  const relays = {
    source: await openRelay({ port: source.port }),
    destination: await openRelay({ port: pair.destination.port }),
  }
  const name = `fault-${fault.seed}`
  await ask(loginOf(pair.destination), 'postgres', `CREATE DATABASE "${name}" TEMPLATE template0`)
  const stage: Stage = {
    ...{ fault, name, relays, standby, began },
    pair: { ...pair, source },
    task: join(directory, 'task.json'),
    out: join(directory, 'out'),
    log: [],
    hit: false,
    answers: [],
  }
  try {
    await writeFile(stage.task, JSON.stringify(taskOf(stage)))
    const problems = await migrate(stage)
    problems.push(...(await judge(stage)))
    if (problems.length > 0) problems.push(...(await tailOfLog(stage.out)))
    return {
      case: fault,
      done: stage.log.join(', '),
      hit: stage.hit,
      seconds: (performance.now() - began) / 1000,
      problems,
      answers: stage.answers,
    }
  } finally {
    for (const relay of Object.values(relays)) relay.close()
    await standby?.stop()
    await own?.stop()
    await ask(loginOf(pair.destination), 'postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`).catch(() => {})
    await rm(directory, { recursive: true, force: true })
  }
}

function taskOf({ fault, name, relays, pair }: Stage): TaskInput {
  const side = (server: Server, relay: TcpRelay) => ({
    host: '127.0.0.1',
    port: relay.port,
    user: server.superuser,
    password: server.password,
    tls: { mode: 'disable' as const },
  })
  return {
    name,
    source: side(pair.source, relays.source),
    destination: side(pair.destination, relays.destination),
    databases: [{ name: SOURCE_DATABASE, as: name }],
    lanes: fault.lanes,
    chunkMegabytes: 1,
    ...(fault.megabytes === null ? {} : { throttle: { megabytesPerSecond: fault.megabytes } }),
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
}

/** Starts the run, does to it what the case says, and starts it again until it is done. */
async function migrate(stage: Stage): Promise<string[]> {
  const { fault, task, out, log } = stage
  const target = { step: fault.step, call: fault.call }
  const victim = startVictim({ task, out, target, gate: fault.inner === null, fault: fault.inner })
  const done = hurt(stage, victim).catch((thrown: unknown) => void log.push(`the fault itself failed: ${thrown}`))
  let ended = await patiently(stage, victim)
  await done
  for (let start = 0; start < MOST_STARTS && ended !== null && ended.status !== 0; start += 1) {
    // Only a kill ends a run: anything else it must get over by itself.
    if (fault.kind !== 'kill' || ended.status !== null) return [`ended with ${ended.status}: ${ended.words}`]
    const again = startSampan(task, out)
    const life = fault.lives[start]
    if (life !== undefined) {
      const killed = await Promise.race([sleep(life, true), again.ended.then(() => false)])
      if (killed) {
        log.push(`again after ${life} ms`)
        again.kill()
      }
    }
    ended = await patiently(stage, again)
  }
  return ended === null ? [`did not end in ${PATIENCE_MILLISECONDS / 1000} s`] : []
}

async function patiently(stage: Stage, child: Child) {
  const timer = new AbortController()
  const late = sleep(PATIENCE_MILLISECONDS, null, { signal: timer.signal }).catch(() => null)
  const ended = await Promise.race([child.ended, late])
  timer.abort()
  if (ended === null) child.kill()
  for (const { step, call, answer } of child.answers) {
    if (answer.verdict !== 'done' && answer.verdict !== 'more') {
      stage.answers.push(`${step} ${call}: ${answer.verdict} ${answer.window?.kind ?? ''} ${answer.error?.code ?? ''}`)
    }
  }
  return ended
}

/** Does what the case says when its call begins. */
async function hurt(stage: Stage, victim: Child): Promise<void> {
  const { fault, log, relays, pair, began } = stage
  const where = `${fault.step.replace(/Function$/, '')} ${fault.call}`
  const hit = await victim.called(fault.step, fault.call)
  const note = (what: string) => log.push(`${what} (${((performance.now() - began) / 1000).toFixed(2)} s)`)
  if (!hit) {
    note(`${where} was never called`)
    return
  }
  stage.hit = fault.kind !== 'cut'
  if (fault.inner !== null) {
    note(`${where}: ${describeInner(fault.inner)}`)
    return
  }
  if (fault.kind === 'cut') {
    note(`${where} called`)
    cutAll(stage, note)
    victim.go()
    return
  }
  victim.go()
  await sleep(fault.delay)
  const when = `${where} + ${fault.delay} ms`
  switch (fault.kind) {
    case 'kill':
      victim.kill()
      note(`${when}: SIGKILL`)
      return
    case 'restart':
      note(`${when}: destination ${fault.crash ? 'crashes' : 'restarts'}, away ${fault.away} ms`)
      if (fault.crash) await pair.destination.kill()
      relays.destination.leadTo(null)
      if (!fault.crash) await pair.destination.restart()
      await sleep(fault.away)
      if (fault.crash) await pair.destination.restart()
      relays.destination.leadTo(pair.destination.port)
      return
    case 'failover':
      note(`${when}: failover${fault.written ? ', written to' : ''}`)
      await failOver(stage)
      return
  }
}

/** The cuts one after the other: the next is counted from the one before. */
function cutAll(stage: Stage, note: (what: string) => void): void {
  const next = (index: number) => {
    const cut = stage.fault.cuts[index]
    if (cut === undefined) return
    stage.relays[cut.side].cutAfter(cut.bytes, cut.direction, () => {
      stage.hit = true
      note(`${cut.side} cut after ${cut.bytes} bytes ${cut.direction}`)
      next(index + 1)
    })
  }
  next(0)
}

/** Rows change, come and go in tables with and without a key, and nothing that is no row. */
const WRITES = `
  INSERT INTO heap_log SELECT 'after', now() FROM generate_series(1, 7);
  DELETE FROM heap_log WHERE ctid IN (SELECT ctid FROM heap_log LIMIT 3);
  UPDATE customer SET score = score + 1 WHERE id % 100 = 0;
  UPDATE "Order" SET amount = 1 WHERE id % 500 = 0;
  DELETE FROM by_mood WHERE n = 3;`

async function failOver({ fault, relays, pair, standby }: Stage): Promise<void> {
  if (standby === null) return
  await pair.source.kill()
  relays.source.leadTo(null)
  relays.source.cut()
  await standby.promote()
  if (fault.written) await ask(standby, SOURCE_DATABASE, WRITES)
  await sleep(fault.away)
  relays.source.leadTo(standby.port)
}

async function judge(stage: Stage): Promise<readonly string[]> {
  const { pair, standby, name, fault, out } = stage
  const destination: Login = loginOf(pair.destination)
  const of = (login: Login) => findProblems({ name, source: login, destination, out })
  const failedOver = standby !== null && stage.log.some((line) => line.includes('failover'))
  const now = await of(failedOver ? standby : loginOf(pair.source))
  if (now.length === 0 || !failedOver || !fault.written) return now
  // The source was written to behind the run's back: what arrived is the source of one moment, before or after.
  await pair.source.restart()
  const before = await of(loginOf(pair.source))
  return before.length === 0 ? [] : [...now, '— and as it was before the failover:', ...before]
}

function describeInner(inner: NonNullable<FaultCase['inner']>): string {
  return inner.kind === 'duplicate'
    ? `delivered twice, ${inner.when} by ${inner.milliseconds} ms, the ${inner.heard === 0 ? 'first' : 'second'} is heard`
    : `${inner.calls} calls of ${inner.milliseconds} ms, ${inner.how}`
}

async function tailOfLog(out: string): Promise<string[]> {
  const text = await readFile(join(out, 'log.jsonl'), 'utf8').catch(() => '')
  return text.trim().split('\n').slice(-8)
}
