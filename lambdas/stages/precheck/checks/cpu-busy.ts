import { readSourceCpu } from '../../../core/cloud/source-cpu.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import { type Check, passed } from '../check.ts'
import { CannotRun } from '../context.ts'

/** What the document of DTS calls an off-peak hour: the CPU of both databases below 30 %. */
const BUSY_PERCENT = 30
/** A way to CloudWatch that swallows everything must not hold up the precheck. */
const PATIENCE_MILLISECONDS = 5_000

export const sourceCpuBusy: Check = {
  code: 'SRC_CPU_BUSY',
  side: 'source',
  level: 'info',
  scope: 'task',
  needs: [],
  title: `the CPU of the RDS instance is below ${BUSY_PERCENT} percent`,
  cause: 'the source is busy, and the copy adds to it',
  remedy:
    'copy at a quieter hour, or have the lanes slow down: throttle.automatic.sourceCpuPercent of the task, or sampan limits while it goes on',
  async run({ instances, environment }) {
    if (!instances.source) throw new CannotRun('irrelevant', 'the source is not given as an RDS instance')
    const { region, identifier } = instances.source
    const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS)
    const datum = await readSourceCpu(environment, region, identifier, patience).catch((thrown: unknown) => {
      throw new CannotRun('unknown', `CloudWatch did not tell the CPU (${toSampanError(thrown).code})`)
    })
    if (datum === null) throw new CannotRun('unknown', 'CloudWatch has no figure of the last minutes')
    return judge(identifier, datum.percent)
  },
}

export const destinationCpuBusy: Check = {
  code: 'DST_CPU_BUSY',
  side: 'destination',
  level: 'info',
  scope: 'task',
  needs: [],
  title: `the CPU of the ApsaraDB instance is below ${BUSY_PERCENT} percent`,
  cause: 'the destination is busy already, and indexes are built beside what it does',
  remedy: 'copy at a quieter hour, give the instance more processors for the time of the run, or the task fewer lanes',
  async run({ instances }) {
    if (!instances.destination)
      throw new CannotRun('irrelevant', 'the destination is not given as an ApsaraDB instance')
    const { instance, cpuPercent } = instances.destination
    if (cpuPercent === null) throw new CannotRun('unknown', 'Alibaba Cloud did not tell the CPU')
    return judge(instance, cpuPercent)
  },
}

function judge(identifier: string, percent: number) {
  return percent < BUSY_PERCENT ? passed : [{ cause: `the CPU of ${identifier} is at ${Math.round(percent)} percent` }]
}
