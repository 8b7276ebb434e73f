import { randomBytes } from 'node:crypto'
import type { Instances } from '../../../lambdas/core/cloud/instances.ts'
import type { Patience } from '../../../lambdas/core/cloud/pause.ts'
import type { PrecheckDocument, PrecheckItem } from '../../../lambdas/core/documents/precheck.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { runChecks } from '../../../lambdas/stages/precheck/runner.ts'
import { judgeOutcomes } from '../../../lambdas/stages/precheck/score.ts'
import { stepEvent } from '../../support/events.ts'
import type { TestDatabase } from '../../support/servers.ts'

/** No second tries: the tests' servers are up or they are not. */
export const impatient: Patience = { attempts: 1, firstPause: 1, longestPause: 1 }

export interface Precheck {
  readonly overrides?: Partial<TaskInput>
  /** The lists of the one database. */
  readonly include?: string[]
  readonly exclude?: TaskInput['databases'][number]['exclude']
  readonly instances?: Instances
  /** @default all */
  readonly only?: readonly Check[]
  readonly patience?: Patience
  readonly checkMilliseconds?: number
}

/** Runs the checks between two databases. */
export function precheck(source: TestDatabase, destination: TestDatabase, options: Precheck = {}) {
  const { include, exclude, overrides } = options
  const lists = { ...(include ? { include } : {}), ...(exclude ? { exclude } : {}) }
  const databases = [{ name: source.name, as: destination.name, ...lists }]
  return precheckOf(stepEvent(source, destination, { databases, ...overrides }), options)
}

/** Runs the checks of an event. */
export async function precheckOf(event: StepEvent, options: Precheck = {}): Promise<PrecheckDocument> {
  const opening = {
    event,
    environment: { SAMPAN_ARTEFACTS: 'file:///tmp/none' },
    signal: AbortSignal.timeout(30_000),
    patience: options.patience ?? impatient,
    ...(options.checkMilliseconds === undefined ? {} : { checkMilliseconds: options.checkMilliseconds }),
  }
  const outcomes = await runChecks(opening, options.only ?? checks, options.instances ?? null)
  if (outcomes === null) throw new Error('the precheck has no end')
  return judgeOutcomes(outcomes, event.task.precheck.acknowledge)
}

/** The items of one code. */
export function itemsOf(document: PrecheckDocument, code: string): readonly PrecheckItem[] {
  return document.items.filter((item) => item.code === code)
}

/** The one item of a code. */
export function itemOf(document: PrecheckDocument, code: string): PrecheckItem {
  const [item, ...others] = itemsOf(document, code)
  if (item === undefined || others.length > 0) {
    throw new Error(`${others.length + (item ? 1 : 0)} items ${code} in ${JSON.stringify(document.items, null, 1)}`)
  }
  return item
}

/** What the check of a code finds; no other one is run, and above all none that plans the whole migration. */
export async function itemFor(
  code: string,
  source: TestDatabase,
  destination: TestDatabase,
  options: Omit<Precheck, 'only'> = {},
): Promise<PrecheckItem> {
  const only = checks.filter((check) => check.code === code)
  return itemOf(await precheck(source, destination, { ...options, only }), code)
}

/** Everything found: code and status, in order. */
export function found(document: PrecheckDocument): readonly string[] {
  return document.items.filter((item) => item.status !== 'passed').map((item) => `${item.code} ${item.status}`)
}

/** What blocks. */
export function blocking(document: PrecheckDocument): readonly string[] {
  return document.items.filter((item) => item.blocks).map((item) => item.code)
}

/** The same database seen by another account; drop the role through `dropRole` when done. */
export function asUser(database: TestDatabase, user: string, password: string): TestDatabase {
  return { ...database, connection: { ...database.connection, user, password } }
}

/** Another database name on the same server, there or not. */
export function asDatabase(database: TestDatabase, name: string): TestDatabase {
  return { ...database, name, connection: { ...database.connection, database: name } }
}

/** A name that no other test uses. */
export function freshName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`
}
