import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { Call } from '../support/run.ts'
import type { FollowerOptions } from './follow/victim.ts'
import type { Message, VictimOptions } from './victim.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A process of the workflow, in a group of its own so that nothing of it survives a kill. */
export interface Child {
  /** Everything the steps answered so far, in their order; only of a victim. */
  readonly answers: readonly { readonly step: string; readonly call: number; readonly answer: StepAnswer }[]
  /** Resolves when the call begins, or with false when the process ends before. */
  called(which: Call): Promise<boolean>
  /** Resolves when a fault from within has come to something, or with false when the process ends before. */
  felt(which: Call): Promise<boolean>
  /** Lets a held call go on. */
  go(which: Call): void
  /** False where it had ended, or the run in it. */
  kill(): boolean
  /** The exit status (`null` after a kill) and what was written last. */
  readonly ended: Promise<{ readonly status: number | null; readonly words: string }>
}

/** Starts the workflow with handlers that say what they do. */
export function startVictim(options: VictimOptions): Child {
  return watch(start([path('victim.ts'), JSON.stringify(options)], true))
}

/** Starts a run that follows. */
export function startFollower(options: FollowerOptions): Child {
  return watch(start([path('follow/victim.ts'), JSON.stringify(options)], true))
}

/** Starts `sampan run` itself. */
export function startSampan(task: string, out: string): Child {
  return watch(start([path('../../cli/sampan.ts'), 'run', task, '--out', out], false))
}

/** Groups of their own are spared by Ctrl-C: they end with this process all the same. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) killGroup(child)
})

function killGroup(child: ChildProcess): boolean {
  try {
    return child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended by itself in this very moment.
    return false
  }
}

function start(args: readonly string[], ipc: boolean): ChildProcess {
  const child = spawn(process.execPath, ['--no-warnings', ...args], {
    detached: true,
    env: { ...process.env, NO_COLOR: '1', SAMPAN_LOG: '' },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  })
  alive.add(child)
  child.on('close', () => alive.delete(child))
  return child
}

function watch(child: ChildProcess): Child {
  let words = ''
  const note = (part: Buffer) => {
    words = (words + part).slice(-4000)
  }
  child.stdout?.on('data', note)
  child.stderr?.on('data', note)
  const answers: Child['answers'][number][] = []
  const waiting = new Map<string, PromiseWithResolvers<boolean>>()
  const waitFor = (key: string) => {
    const known = waiting.get(key) ?? Promise.withResolvers<boolean>()
    waiting.set(key, known)
    return known
  }
  child.on('message', (raw) => {
    const message = raw as Message
    if (message.type === 'called') waitFor(keyOf(message)).resolve(true)
    else if (message.type === 'felt') waitFor(`felt ${message.step}`).resolve(true)
    else if (message.type === 'answered') answers.push(message)
    else words = `${message.code ?? ''} ${message.message}`
  })
  const ended = new Promise<{ status: number | null; words: string }>((resolve) => {
    child.on('close', (status) => {
      for (const each of waiting.values()) each.resolve(false)
      resolve({ status, words: words.trim() })
    })
  })
  const orEnded = (promise: Promise<boolean>) => Promise.race([promise, ended.then(() => false)])
  return {
    answers,
    ended,
    called: (which) => orEnded(waitFor(keyOf(which)).promise),
    felt: ({ step }) => orEnded(waitFor(`felt ${step}`).promise),
    go: (which) => {
      if (child.connected) child.send(keyOf(which))
    },
    // Its last word is said when the run is over.
    kill: () => killGroup(child) && words === '',
  }
}

function keyOf({ step, call }: Call | (Message & { step: string; call: number })): string {
  return `${step} ${call}`
}
