import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Login } from '../../support/run.ts'
import { enter } from '../ask.ts'
import { type Choices, choicesOf } from '../random.ts'
import { bulk, LATE_TURNS, TURNS } from './turns.ts'

export interface Writers {
  /** From now on tables are emptied, too, and large transactions come. */
  late: boolean
  /** Milliseconds between two transactions, besides: parts of ten changes are slower than writers that never rest. */
  rest: number
  /** Transactions that were committed. */
  readonly committed: number
  /** Ends when none of them writes any more, and nothing is prepared. */
  stop(): Promise<void>
}

export interface WritersOptions {
  readonly seed: number
  /** How many rows the large transactions have. */
  readonly bulk: number
}

const HOW_MANY = 3
const MOST_LARGE = 2

/** Applications that write to a database until they are stopped, over connections that they open again when these are lost. */
export function startWriters(at: Login, database: string, options: WritersOptions): Writers {
  const stopping = new AbortController()
  const writers = { late: false, rest: 0, committed: 0, stop }
  let larges = 0
  const working = Array.from({ length: HOW_MANY }, (_, index) => work(choicesOf(options.seed * 100 + index), index))
  return writers

  async function stop(): Promise<void> {
    stopping.abort()
    await Promise.all(working)
  }

  async function work(choices: Choices, index: number): Promise<void> {
    let turns = 0
    while (!stopping.signal.aborted) {
      const client = await enter(at, database).catch(() => null)
      if (client === null) {
        await sleep(100)
        continue
      }
      try {
        await finishPrepared(client, index, choices)
        for (; !stopping.signal.aborted; turns += 1) await take(client, choices, index, turns)
        await finishPrepared(client, index, choices)
      } catch {
        // The connection is lost: another one goes on.
      } finally {
        await client.end().catch(() => {})
      }
    }
  }

  async function take(client: pg.Client, choices: Choices, index: number, turns: number): Promise<void> {
    const { pick, between } = choices
    const large = writers.late && index === 0 && larges < MOST_LARGE && turns % 40 === 39
    if (large) larges += 1
    const turn = pick(writers.late && between(1, 20) === 1 ? LATE_TURNS : TURNS)
    const statements = large ? bulk(options.bulk) : turn(choices)
    const many = between(1, 8) === 1 ? turn(choices) : []
    if (await commit(client, [...statements, ...many], index, choices)) writers.committed += 1
    await sleep(between(0, 8) + writers.rest)
  }
}

/** @returns false where the server did not take it; @throws where the connection is lost */
async function commit(
  client: pg.Client,
  statements: readonly string[],
  index: number,
  { between, yes }: Choices,
): Promise<boolean> {
  const prepares = between(1, 30) === 1 && !statements.some((one) => one.includes('TEMP'))
  try {
    await client.query('BEGIN')
    for (const statement of statements) await client.query(statement)
    await client.query(
      prepares ? `PREPARE TRANSACTION 'writer ${index}'` : between(1, 15) === 1 ? 'ROLLBACK' : 'COMMIT',
    )
    if (prepares) {
      await sleep(between(0, 40))
      await client.query(`${yes() ? 'COMMIT' : 'ROLLBACK'} PREPARED 'writer ${index}'`)
    }
    return true
  } catch (thrown) {
    if (!/^(23|40|42|55)/.test((thrown as { code?: string }).code ?? '')) throw thrown
    await client.query('ROLLBACK')
    return false
  }
}

async function finishPrepared(client: pg.Client, index: number, { yes }: Choices): Promise<void> {
  const name = `writer ${index}`
  const { rows } = await client.query(
    `SELECT 1 FROM pg_prepared_xacts WHERE gid = '${name}' AND database = current_database()`,
  )
  if (rows.length > 0) await client.query(`${yes() ? 'COMMIT' : 'ROLLBACK'} PREPARED '${name}'`)
}
