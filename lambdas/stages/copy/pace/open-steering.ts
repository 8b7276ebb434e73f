import { type CloudEnvironment, defaultRegion } from '../../../core/cloud/environment.ts'
import { openSource } from '../../../core/postgres/sessions.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { LaneCounter } from './lane-counter.ts'
import type { Pace } from './pace.ts'
import { PaceKeeper } from './pace-keeper.ts'
import { SourceLatency } from './source-latency.ts'
import { type SourceInstance, SourceLoad } from './source-load.ts'
import { Steering } from './steering.ts'

/** Short of the five seconds in which a change of the limits has to hold. */
const CONNECT_MILLISECONDS = 2_500

/** A lane's steering. It costs nothing before it looks: targets may come while the run goes on. */
export function openSteering(event: StepEvent, { environment, logger, signal }: StepTools, pace: Pace): Steering {
  const run = event.run.id
  const lane = event.lane ?? 0
  const latency = new SourceLatency(() =>
    openSource(event, environment, { purpose: 'latency', signal, timeoutMilliseconds: CONNECT_MILLISECONDS }),
  )
  const load = new SourceLoad(latency, instanceOf(event, environment), environment, logger)
  return new Steering(run, { lane, pace }, new PaceKeeper(run, lane, load, logger), new LaneCounter(run, lane, logger))
}

function instanceOf({ task }: StepEvent, environment: CloudEnvironment): SourceInstance | null {
  const { rdsInstance, region } = task.source
  if (rdsInstance === undefined) return null
  return { identifier: rdsInstance, region: region ?? defaultRegion(environment) }
}
