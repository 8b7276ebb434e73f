import { readFileSync } from 'node:fs'
import type { Session } from '../../lambdas/core/postgres/connect.ts'

/** Milliseconds on a processor so far, of the server process behind a session; see proc(5), schedstat. */
function backendCpu({ backend }: Session): number {
  const [nanoseconds = '0'] = readFileSync(`/proc/${backend}/schedstat`, 'utf8').split(' ')
  return Number(nanoseconds) / 1e6
}

/** Milliseconds of the server's processor that one turn takes, the mean of so many. */
export async function cpuOf(session: Session, turns: number, ask: (turn: number) => Promise<unknown>): Promise<number> {
  const before = backendCpu(session)
  for (let turn = 0; turn < turns; turn += 1) await ask(turn)
  return (backendCpu(session) - before) / turns
}
