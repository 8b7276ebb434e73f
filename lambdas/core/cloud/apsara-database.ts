import { SampanError } from '../runtime/errors.ts'
import { apsara } from './apsara.ts'
import type { CloudEnvironment } from './environment.ts'
import { backoff, type Patience, pause } from './pause.ts'

/** A database to be made on an ApsaraDB instance. */
export interface DatabaseOrder {
  readonly region: string
  readonly instance: string
  readonly name: string
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  /** The account that is to own it. */
  readonly account: string
}

/** About a minute: the console shows a new database as Creating for some seconds. */
const MADE: Patience = { attempts: 12, firstPause: 1_000, longestPause: 8_000 }

/**
 * Makes a database by the cloud's API, which may do so where the SQL account may not, waits until it runs, and gives it to
 * the account. One that is there already is as good.
 * @throws SampanError `DST_DATABASE_NOT_READY` (retryable), and what Alibaba Cloud refuses
 */
export async function makeApsaraDatabase(
  environment: CloudEnvironment,
  order: DatabaseOrder,
  signal?: AbortSignal,
  patience: Patience = MADE,
): Promise<void> {
  const door = apsara(environment, order.region, order.instance, signal)
  await door.createDatabase(order.name, characterSet(order))
  for (let attempt = 1; !(await isRunning()); attempt++) {
    if (attempt >= patience.attempts) throw notReady(order)
    await pause(backoff(patience, attempt), signal)
  }
  await door.grantOwner(order.name, order.account).catch(unlessRefused)

  async function isRunning(): Promise<boolean> {
    const [database] = await door.databases(order.name)
    return database?.status === 'Running'
  }
}

/** `UTF8,C,en_US.utf8`: encoding, collation and ctype, in the spelling the service's own examples have. */
function characterSet({ encoding, collate, ctype }: CharacterSet): string {
  const spelled = (locale: string) => locale.replace(/\.utf-?8$/i, '.utf8')
  return [encoding, spelled(collate), spelled(ctype)].join(',')
}

type CharacterSet = Pick<DatabaseOrder, 'encoding' | 'collate' | 'ctype'>

/** A privileged account needs no grant and the service may refuse one; whether it can work is seen when it connects. */
function unlessRefused(error: unknown): void {
  if (error instanceof SampanError && !error.retryable) return
  throw error
}

function notReady({ name, instance }: DatabaseOrder): SampanError {
  return new SampanError({
    code: 'DST_DATABASE_NOT_READY',
    message: `the database ${name} was ordered from Alibaba Cloud, but ${instance} does not show it as Running`,
    remedy: 'nothing to do while the retry window is open; look at the instance’s databases in the ApsaraDB console',
    retryable: true,
  })
}
