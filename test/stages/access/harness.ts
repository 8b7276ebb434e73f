import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { artefacts } from '../../../lambdas/core/cloud/artefacts.ts'
import type { AccessRecord } from '../../../lambdas/core/documents/access.ts'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { type TaskInput, taskSchema } from '../../../lambdas/core/task/task.ts'
import { closeAccess } from '../../../lambdas/stages/access/close.ts'
import { openAccess } from '../../../lambdas/stages/access/open.ts'
import { readRecord } from '../../../lambdas/stages/access/record.ts'
import type { AccessTools } from '../../../lambdas/stages/access/tools.ts'
import { apsaraInstance, type FakeApsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { addSecurityGroup, type FakeRule } from '../../../local/fakes/ec2.ts'
import { type FakeRdsInstance, rdsInstance } from '../../../local/fakes/rds.ts'

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Two clouds with one source and one destination in front of which other people's rules stand. */
export async function startAccess() {
  const directory = await mkdtemp(join(tmpdir(), 'sampan-access-'))
  const rds = rdsInstance({ identifier: 'orders-prod', securityGroups: ['sg-1', 'sg-2'] })
  const apsara = apsaraInstance({ instance: 'pgm-1' })
  const clouds = await startFakeClouds({ rds: [rds], apsara: [apsara] })
  addSecurityGroup(clouds.state.ec2, 'sg-1', [
    { cidrIpv4: '198.51.100.7/32', description: 'the office' },
    // Somebody else's rule, identical to one the run wants.
    { cidrIpv4: '47.88.139.0/24', description: 'not Sampan’s', tags: { owner: 'somebody' } },
  ])
  addSecurityGroup(clouds.state.ec2, 'sg-2', [{ cidrIpv4: '0.0.0.0/0', fromPort: 443, toPort: 443 }])
  return new Access(clouds, rds, apsara, directory)
}

export class Access {
  readonly clouds: FakeClouds
  readonly rds: FakeRdsInstance
  readonly apsara: FakeApsaraInstance
  readonly #directory: string
  /** More variables of the environment. */
  variables: Record<string, string> = { SAMPAN_EGRESS_ADDRESSES: '52.1.2.3' }
  now = new Date('2026-09-01T10:00:00Z')
  signal = new AbortController().signal
  readonly #before: string

  constructor(clouds: FakeClouds, rds: FakeRdsInstance, apsara: FakeApsaraInstance, directory: string) {
    this.clouds = clouds
    this.rds = rds
    this.apsara = apsara
    this.#directory = directory
    this.#before = this.standing()
  }

  get tools(): AccessTools {
    const SAMPAN_ARTEFACTS = pathToFileURL(this.#directory).href
    const environment = readEnvironment({ ...this.clouds.environment, SAMPAN_ARTEFACTS, ...this.variables })
    return { environment, signal: this.signal, clock: () => this.now, logger: quiet, settleMilliseconds: 2_000 }
  }

  get store() {
    return artefacts(this.tools.environment)
  }

  event(change: Partial<TaskInput> = {}, execution = 'e1'): StepEvent {
    const task = taskSchema.parse({
      name: 'orders',
      source: { rdsInstance: 'orders-prod', secret: 'env:X' },
      destination: {
        apsaraInstance: 'pgm-1',
        region: 'ap-southeast-1',
        secret: 'env:Y',
        tls: { ca: { secret: 'env:CA' } },
      },
      databases: [{ name: 'orders' }],
      ...change,
    })
    return { run: { id: 'orders', execution }, task, endpoints: null, database: null, lane: null, window: null }
  }

  open(change: Partial<TaskInput> = {}, execution = 'e1') {
    return openAccess(this.event(change, execution), this.tools)
  }

  close(execution = 'e1', whitelists = [{ region: 'ap-southeast-1', instance: 'pgm-1' }]) {
    const hints = { regions: ['us-east-1'], whitelists }
    return closeAccess({ id: 'orders', execution }, hints, this.tools)
  }

  async record(execution = 'e1'): Promise<AccessRecord> {
    const record = await readRecord(this.store, { id: 'orders', execution })
    if (record === null) throw new Error(`there is no record of ${execution}`)
    return record
  }

  /** As for somebody who writes to another directory. */
  async loseDocuments(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
    this.clouds.state.s3.clear()
  }

  rules(group = 'sg-1'): readonly FakeRule[] {
    return this.clouds.state.ec2.groups.get(group)?.rules ?? []
  }

  /** Blocks let in by the rules of a group. */
  peers(group = 'sg-1'): readonly string[] {
    return this.rules(group).map((rule) => rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.referencedGroup ?? '')
  }

  whitelist(): readonly (readonly [string, string])[] {
    return [...this.apsara.ipArrays].map(([name, group]) => [name, group.addresses.join(',')] as const)
  }

  /** Everything that lets somebody in, on both clouds; a group that lets nobody in is the same as none. */
  standing(): string {
    const groups = [...this.clouds.state.ec2.groups.values()].map((group) => [group.id, group.rules])
    const lists = this.whitelist().filter(
      ([name, addresses]) => !(name.startsWith('sampan_') && ['127.0.0.1', '::1'].includes(addresses)),
    )
    return JSON.stringify([groups, lists])
  }

  /** The rules and whitelist entries are exactly the ones that stood before. */
  isAsBefore(): boolean {
    return this.standing() === this.#before
  }

  async stop(): Promise<void> {
    await this.clouds.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }
}
