import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'
import { crowd } from './crowd.ts'
import { change } from './ddl.ts'
import { type Cut, type Fault, type InnerFault, isInner, type Moment, type OuterFault } from './fault.ts'
import { failOver, restart } from './outage.ts'
import type { Stage } from './stage.ts'
import { prepareStrike } from './strike.ts'

/** How long a fault waits for a call that may never come while the call of the next fault is there already. */
const COURTESY_MILLISECONDS = 5_000

/**
 * Does to the run what the case says, one fault after the other, each when its call begins.
 * @param hit gets every fault that the run has met
 * @returns the faults that are left when a kill has ended the process
 */
export async function inflict(
  stage: Stage,
  child: Child,
  faults: readonly Fault[],
  hit: Set<Fault>,
): Promise<readonly Fault[]> {
  const over = new AbortController()
  child.ended.then(() => over.abort())
  const running: Promise<void>[] = []
  for (const [index, fault] of faults.entries()) {
    const next = faults[index + 1]
    const late = next === undefined ? [] : [child.called(next).then(() => sleep(COURTESY_MILLISECONDS, false))]
    const called = await Promise.race([child.called(fault), ...late])
    const where = `${fault.step.replace(/Function$/, '')} ${fault.call}`
    if (!called) {
      stage.note(`${where} was never called`)
      continue
    }
    if (isInner(fault)) {
      stage.note(`${where}: ${describeInner(fault)}`)
      running.push(child.felt(fault).then((felt) => void (felt && hit.add(fault))))
      continue
    }
    if (fault.kind === 'cut') {
      stage.note(`${where} called`)
      cutAll(stage, fault, () => hit.add(fault))
      child.go(fault)
      continue
    }
    const strike =
      fault.kind === 'session' ? await prepareStrike(stage.places[fault.side], stage.name, fault, over.signal) : null
    child.go(fault)
    await sleep(fault.delay)
    stage.note(`${where} + ${fault.delay} ms: ${describe(fault)}`)
    if (fault.kind === 'ddl') {
      running.push(change(stage.places.source, fault).then(() => void hit.add(fault)))
      if (fault.killed === null) continue
      await sleep(fault.killed)
      child.kill()
      await Promise.all(running)
      return faults.slice(index + 1)
    }
    if (fault.kind === 'kill') {
      if (child.kill()) hit.add(fault)
      return faults.slice(index + 1)
    }
    const met = fault.kind === 'session' ? strike?.() : inflictOne(stage, fault, over.signal)
    if (await met) hit.add(fault)
  }
  await Promise.all(running)
  return []
}

async function inflictOne(
  stage: Stage,
  fault: Moment & Exclude<OuterFault, { kind: 'kill' | 'cut' | 'session' | 'ddl' }>,
  over: AbortSignal,
): Promise<boolean> {
  const place = stage.places[fault.side]
  switch (fault.kind) {
    case 'restart':
      return restart(place, fault, over)
    case 'failover':
      return failOver(place, fault, over)
    case 'crowd':
      return crowd(place, fault, over)
  }
}

/** The cuts one after the other: the next is counted from the one before. */
function cutAll(stage: Stage, { cuts }: Cut, hit: () => void): void {
  const next = (index: number) => {
    const cut = cuts[index]
    if (cut === undefined) return
    stage.places[cut.side].relay.cutAfter(cut.bytes, cut.direction, () => {
      hit()
      stage.note(`${cut.side} cut after ${cut.bytes} bytes ${cut.direction}`)
      next(index + 1)
    })
  }
  next(0)
}

function describeInner(fault: InnerFault): string {
  return fault.kind === 'duplicate'
    ? `delivered twice, ${fault.when} by ${fault.milliseconds} ms, the ${fault.heard === 0 ? 'first' : 'second'} is heard`
    : `${fault.calls} calls of ${fault.milliseconds} ms, ${fault.how}`
}

function describe(fault: Exclude<OuterFault, { kind: 'cut' }>): string {
  switch (fault.kind) {
    case 'kill':
      return 'SIGKILL'
    case 'ddl':
      return fault.killed === null ? fault.command : `${fault.command}, SIGKILL ${fault.killed} ms later`
    case 'restart':
      return `${fault.side} restarts (${fault.how})${fault.written ? ', written to' : ''}, away ${fault.away} ms`
    case 'failover':
      return `${fault.side} fails over${fault.written ? ', written to' : ''}, away ${fault.away} ms`
    case 'crowd':
      return `${fault.side} full for ${fault.away} ms`
    case 'session':
      return `${fault.side}: ${fault.how} up to ${fault.times} times`
  }
}
