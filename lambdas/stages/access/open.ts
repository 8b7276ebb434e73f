import { type ApsaraInstance, apsara } from '../../core/cloud/apsara.ts'
import { defaultRegion } from '../../core/cloud/environment.ts'
import { writeInstances } from '../../core/cloud/instances.ts'
import { describeInstance, type RdsInstance } from '../../core/cloud/rds.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { Endpoint, Endpoints, RunIdentity, StepEvent } from '../../core/runtime/event.ts'
import { WORKERS_SHUT_OUT } from '../../core/task/access.ts'
import { type WantedBlocks, wantedBlocks } from './blocks.ts'
import { closeAccess } from './close.ts'
import { judgeDestination, judgeSource, judgeWhitelisting } from './findings.ts'
import { openRules } from './open-rules.ts'
import { openWhitelist } from './open-whitelist.ts'
import { CLOSED_MEANWHILE, RecordKeeper } from './record.ts'
import { findRoom, type Room } from './room.ts'
import { together } from './together.ts'
import { type AccessTools, stackOf, storeOf } from './tools.ts'
import { requireWayForWorkers, vpcsOfWorkers, wantedBy, workersWay } from './workers-way.ts'

const NOTHING_WANTED: Room = { wanted: [], findings: [], notes: [] }

/**
 * Finds the two instances, writes down what is known about them, and opens the way in: rules in the source's security
 * group, the execution's own whitelist group on the destination. A task that names plain hosts opens nothing.
 *
 * May be called again after any failure: what stands is found and not added twice.
 * @returns where the two servers answer
 * @throws SampanError where it is impossible to go on; what can be judged later is left to the precheck
 */
export async function openAccess(event: StepEvent, tools: AccessTools): Promise<Endpoints> {
  const store = storeOf(tools)
  const { task, run } = event
  const [source, destination, blocks] = await together(
    findSource(event, tools),
    findDestination(event, tools),
    wantedBlocks(task, tools.environment, tools.signal),
  )
  const way = source ? workersWay(source, tools) : null
  const everybody = way ? wantedBy(way, blocks) : []
  const approved = task.precheck.acknowledge.includes(WORKERS_SHUT_OUT)
  await requireWayForWorkers({ source, destination, wanted: everybody, blocks, approved }, tools)
  const { wanted, ...room } = source ? await findRoom(source, everybody, task, run, tools) : NOTHING_WANTED
  await writeInstances(store, run, {
    source,
    destination,
    findings: [
      ...(source ? judgeSource(source, way?.group ? vpcsOfWorkers(tools) : null) : []),
      ...room.findings,
      ...(destination ? judgeDestination(destination, task.destination.tls) : []),
      ...(destination ? judgeWhitelisting(destination, blocks.workers) : []),
    ],
  })
  const endpoints = {
    source: endpointOf(source, task.source),
    destination: endpointOf(destination, task.destination),
  }

  const keeper = await RecordKeeper.open(store, run, stackOf(tools.environment), tools.clock)
  await keeper.note([...blocks.notes, ...room.notes, ...emptyNotes(destination, blocks)])
  try {
    if (source) await openRules(source, wanted, run, keeper, tools)
    if (destination) await openWhitelist(destination, blocks.workers, run, keeper, tools)
    await keeper.stillOpening()
  } catch (error) {
    throw await takenBack(run, keeper, error, tools)
  }
  return endpoints
}

/**
 * Whoever closed meanwhile did not see what was on its way: it is taken back by who opened it. Rules that do not show, because they
 * have been closed already, are no other matter.
 * @returns what is to be told
 */
async function takenBack(run: RunIdentity, keeper: RecordKeeper, error: unknown, tools: AccessTools): Promise<unknown> {
  const late = await keeper.stillOpening().catch((thrown: unknown) => thrown)
  if (!(late instanceof SampanError) || late.code !== CLOSED_MEANWHILE) return error
  await closeAccess(run, { regions: [], whitelists: [] }, tools)
  return late
}

async function findSource({ task }: StepEvent, tools: AccessTools): Promise<RdsInstance | null> {
  const { rdsInstance, region } = task.source
  if (rdsInstance === undefined) return null
  return describeInstance(tools.environment, region ?? defaultRegion(tools.environment), rdsInstance, tools.signal)
}

async function findDestination({ task }: StepEvent, tools: AccessTools): Promise<ApsaraInstance | null> {
  const { apsaraInstance, region } = task.destination
  if (apsaraInstance === undefined || region === undefined) return null
  return apsara(tools.environment, region, apsaraInstance, tools.signal).describe()
}

function emptyNotes(destination: ApsaraInstance | null, blocks: WantedBlocks) {
  if (destination === null || blocks.workers.length > 0) return []
  const message =
    'no address was put into the ApsaraDB whitelist: neither access.whitelistAddresses nor the stack names one'
  return [{ code: 'WHITELIST_NOTHING', message }]
}

function endpointOf(
  found: { readonly host: string; readonly port: number } | null,
  side: { readonly host?: string | undefined; readonly port: number },
): Endpoint {
  if (found) return { host: found.host, port: found.port }
  if (side.host !== undefined) return { host: side.host, port: side.port }
  throw new SampanError({
    code: 'ENDPOINT_UNKNOWN',
    message: 'the task names neither an instance with its region nor a host',
    remedy: 'give rdsInstance or apsaraInstance (with region), or host and port',
  })
}
