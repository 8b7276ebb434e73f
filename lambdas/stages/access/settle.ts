import { pause } from '../../core/cloud/pause.ts'
import type { AccessTools } from './tools.ts'

/**
 * Reads until what was changed shows: EC2's answers lag behind its changes, ApsaraDB's whitelist takes about a minute.
 * @returns what the last reading said: `true` where it is settled
 */
export async function settled(tools: AccessTools, look: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + (tools.settleMilliseconds ?? 90_000)
  for (let wait = 250; ; wait = Math.min(wait * 2, 8_000)) {
    if (await look()) return true
    if (Date.now() + wait > until) return false
    await pause(wait, tools.signal)
  }
}
