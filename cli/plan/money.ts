import { estimate, readPrices } from '../../lambdas/core/present/costs.ts'
import { laneNumbers } from '../../lambdas/core/task/lanes.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import type { TimeEstimate } from './time-estimate.ts'

/** What a run costs by docs/prices.json, US dollars. */
export interface Money {
  /** Out of AWS, 2^30 bytes each. */
  readonly gigabytes: number
  readonly egressGigabyte: number
  readonly egress: number
  /** Of a run in the AWS account, all that docs/costs.md counts, with a public source. */
  readonly deployed: number
  /** `false`: the source is a server by its address, which need not be on AWS. */
  readonly fromAws: boolean
}

/** Memory of a lane, MB, unless the stack says otherwise. */
const LANE_MEMORY = 1024

/** Egress is all that a run on this machine pays; one in the AWS account pays its functions, transitions and the NAT gateway too. */
export function moneyOf({ sent, basis }: TimeEstimate, task: Task): Money {
  const prices = readPrices()
  const gigabytes = sent / 2 ** 30
  const costs = estimate(prices, {
    gigabytes,
    chunkMegabytes: task.chunkMegabytes,
    megabytesPerSecond: basis.bytesPerSecond / basis.lanes / 2 ** 20,
    lanes: laneNumbers(task).most,
    memory: LANE_MEMORY,
  })
  return {
    gigabytes,
    egressGigabyte: prices.egressGigabyte.price,
    egress: costs.egress,
    deployed: costs.total,
    fromAws: task.source.rdsInstance !== undefined,
  }
}
