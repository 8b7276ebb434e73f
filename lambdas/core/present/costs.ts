import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const price = z.object({ price: z.number().nonnegative(), per: z.string(), basis: z.enum(['published', 'assumed']) })

const pricesSchema = z.strictObject({
  about: z.string(),
  stepFunctionsTransition: price,
  lambdaArmGigabyteSecond: price,
  lambdaRequest: price,
  natGigabyte: price,
  natHour: price,
  publicAddressHour: price,
  egressGigabyte: price,
  regionalGigabyte: price,
  alarmMonth: price,
  metricMonth: price,
  dashboardMonth: price,
  secretMonth: price,
  keyMonth: price,
})

export type Prices = z.output<typeof pricesSchema>

/** The price table of docs/prices.json. In the package, modules lie one folder deeper than in the repository. */
export function readPrices(): Prices {
  const [inRepository, inPackage] = ['../../..', '../../../..'].map((root) => {
    return new URL(`${root}/docs/prices.json`, import.meta.url)
  }) as [URL, URL]
  return pricesSchema.parse(JSON.parse(readFileSync(existsSync(inRepository) ? inRepository : inPackage, 'utf8')))
}

/** What is migrated, and how. */
export interface Migration {
  readonly gigabytes: number
  readonly chunkMegabytes: number
  /** What one lane copies; an assumption, between 10 and 15 across continents. */
  readonly megabytesPerSecond: number
  readonly lanes: number
  /** Memory of a lane, MB. */
  readonly memory: number
}

export interface Costs {
  readonly chunks: number
  /** Seconds of lanes, copying. */
  readonly copySeconds: number
  /** Seconds of lanes, comparing: the servers compute, the lane waits, about half as long. */
  readonly validateSeconds: number
  readonly gigabyteSeconds: number
  /** Copying and comparing, lanes side by side. */
  readonly hours: number
  readonly transitions: number
  /** US dollars. */
  readonly lambda: number
  readonly stepFunctions: number
  readonly nat: number
  readonly egress: number
  /** Between the source and the workers. */
  readonly regional: number
  readonly metrics: number
  readonly total: number
  /** Where the source is in the workers' VPC or joined to it, so that rows pass the gateway on their way out only. */
  readonly joined: number
}

/** A claim, the statements around a COPY and its receipt, per chunk. */
const SECONDS_PER_CHUNK = 1.5
/** A lane's call ends after about 13 of its 15 minutes. */
export const SECONDS_PER_CALL = 780
/** Steps outside lanes: about 20, each a Task and a Choice, and what is between them. */
const TRANSITIONS_OF_A_RUN = 100
/** A keeper of the snapshot, two of them, 256 MB each. */
const KEEPERS_GIGABYTES = 0.5

export const MONTH_HOURS = 30 * 24
/** Custom metrics of one run, and those of each of its lanes: rows, bytes and lag. */
const METRICS_OF_A_RUN = 1
const METRICS_OF_A_LANE = 3

/** What one run costs. Free tiers are not deducted; the NAT gateway and its address are counted for the whole hours. */
export function estimate(prices: Prices, migration: Migration): Costs {
  const { gigabytes, chunkMegabytes, megabytesPerSecond, lanes, memory } = migration
  const chunks = Math.ceil((gigabytes * 1024) / chunkMegabytes)
  const copySeconds = (gigabytes * 1024) / megabytesPerSecond + chunks * SECONDS_PER_CHUNK
  const validateSeconds = copySeconds / 2
  const workSeconds = copySeconds + validateSeconds
  const hours = workSeconds / lanes / 3600
  const gigabyteSeconds = (workSeconds * memory) / 1024
  const calls = Math.ceil(workSeconds / SECONDS_PER_CALL) + 2 * lanes
  const transitions = TRANSITIONS_OF_A_RUN + 2 * calls + 2 * lanes
  const keeping = (copySeconds / lanes) * KEEPERS_GIGABYTES
  const lambda =
    (gigabyteSeconds + keeping) * prices.lambdaArmGigabyteSecond.price + 2 * calls * prices.lambdaRequest.price
  const stepFunctions = transitions * prices.stepFunctionsTransition.price
  // The gateway counts both directions: what is read from a public source comes in through it, and all goes out through it.
  const nat =
    2 * gigabytes * prices.natGigabyte.price +
    Math.ceil(hours) * (prices.natHour.price + prices.publicAddressHour.price)
  const egress = gigabytes * prices.egressGigabyte.price
  const regional = gigabytes * prices.regionalGigabyte.price
  const metrics =
    ((METRICS_OF_A_RUN + METRICS_OF_A_LANE * lanes) * prices.metricMonth.price * Math.ceil(hours)) / MONTH_HOURS
  const total = lambda + stepFunctions + nat + regional + egress + metrics
  const joined = total - gigabytes * prices.natGigabyte.price
  return {
    ...{ chunks, copySeconds, validateSeconds, gigabyteSeconds, hours, transitions },
    ...{ lambda, stepFunctions, nat, egress, regional, metrics, total, joined },
  }
}
