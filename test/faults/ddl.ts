import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './ask.ts'
import { DDL } from './ddl-commands.ts'
import type { Ddl, Moment } from './fault.ts'
import { SOURCE_DATABASE } from './servers.ts'
import type { Place } from './stage.ts'

/** What waits for a lock of the run has it when the run has ended at the latest. */
const LONGEST_MILLISECONDS = 60_000

/**
 * Changes the source.
 * @throws Error where the server refuses: the command is wrong, not the run
 */
export async function change({ at }: Place, { command }: Moment & Ddl): Promise<void> {
  const sql = DDL[command]
  if (sql === undefined) throw new Error(`there is no command "${command}"`)
  const late = new AbortController()
  const made = ask(at, SOURCE_DATABASE, sql)
  await Promise.race([
    made,
    sleep(LONGEST_MILLISECONDS, undefined, { signal: late.signal }).then(() => {
      throw new Error(`"${command}" still waits for a lock after ${LONGEST_MILLISECONDS / 1000} s`)
    }),
  ]).finally(() => late.abort())
}

/** Keeps the source as it was before, and brings it back: a case changes what all others need. */
export async function keepBefore(place: Place): Promise<void> {
  const { at } = place
  await ask(at, 'postgres', 'DROP DATABASE IF EXISTS before WITH (FORCE)')
  await ask(at, 'postgres', `CREATE DATABASE before TEMPLATE ${SOURCE_DATABASE}`)
  let restored: Promise<void> | null = null
  const restore = async () => {
    await ask(at, 'postgres', `DROP DATABASE ${SOURCE_DATABASE} WITH (FORCE)`)
    await ask(at, 'postgres', `ALTER DATABASE before RENAME TO ${SOURCE_DATABASE}`)
  }
  place.before = async () => {
    restored ??= restore()
    await restored
    return at
  }
}
