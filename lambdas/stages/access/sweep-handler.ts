import { executionStates } from '../../core/cloud/executions.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepContext } from '../../core/runtime/event.ts'
import { METRICS } from '../../core/runtime/metric-names.ts'
import { writeMetrics } from '../../core/runtime/metrics.ts'
import { withTools } from './net-tools.ts'
import { type Sweep, sweep } from './sweep.ts'

/**
 * Called by a schedule: closes what ended executions left open.
 * @throws SampanError `SWEEP_INCOMPLETE`, so that the function's error count raises the alarm
 */
export async function handler(_event: unknown, context: StepContext): Promise<Sweep> {
  return withTools('Sweep', context, async (tools) => {
    const result = await sweep(executionStates(tools.environment, tools.signal), tools)
    tools.logger.info('SWEEP_DONE', { ...result })
    writeMetrics({ run: 'all' }, { [METRICS.rulesOpen]: result.kept.length + result.failed.length })
    if (result.failed.length === 0) return result
    throw new SampanError({
      code: 'SWEEP_INCOMPLETE',
      message: result.failed.map(({ what, message }) => `${what}: ${message}`).join('; '),
      remedy: 'nothing at first: the next sweep tries again; if it goes on, remove what is named by hand',
      retryable: true,
    })
  })
}
