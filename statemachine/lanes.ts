import type { States } from './asl.ts'
import { chapters } from './chapters.ts'
import { LANE_ITEM } from './event.ts'
import type { FunctionName } from './functions.ts'
import { catchAll, helpersOf, lose } from './step.ts'

/** A Map of lanes. */
export interface Lanes {
  /** The Map's name; it is its label too, so at most 40 characters. */
  readonly name: string
  readonly comment: string
  /** The name of the step that each lane repeats. */
  readonly lane: string
  readonly laneComment: string
  readonly calls: FunctionName
  /** Where the numbers of the lanes are. */
  readonly items: string
  /** Where the lanes' results go: `{lane, verdict, error}` each. */
  readonly results: string
  readonly next: string
  /** Where the Map leads if it breaks as a whole, with the error in `$.step.error`. */
  readonly failed: string
}

/** The plan decides how many lanes there are; the task allows 64. */
const MOST_LANES = 64

/**
 * A Map of lanes. A lane never fails: it ends with a verdict, because a failed iteration stops neither the others that wait
 * for their turn on one machine nor, cleanly, those at work on AWS. DISTRIBUTED gives each lane a history of its own, which
 * it leaves for a further one when it is used up.
 */
export function lanes(options: Lanes): States {
  const end = `End${options.lane}`
  const { lost } = helpersOf(options.name)
  return {
    [options.name]: {
      Type: 'Map',
      Comment: options.comment,
      Label: options.name,
      ItemsPath: options.items,
      MaxConcurrency: MOST_LANES,
      ItemSelector: LANE_ITEM,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: options.lane,
        States: {
          ...chapters({
            name: options.lane,
            comment: options.laneComment,
            calls: options.calls,
            level: 'lane',
            done: end,
            yielded: end,
            failed: end,
          }),
          [end]: {
            Type: 'Pass',
            Parameters: { 'lane.$': '$.lane', 'verdict.$': '$.step.verdict', 'error.$': '$.step.error' },
            End: true,
          },
        },
      },
      ResultPath: options.results,
      Catch: [catchAll(lost)],
      Next: options.next,
    },
    [lost]: lose(options.name, options.failed),
  }
}
