import { z } from 'zod'
import { type ArtefactStore, artefactKey } from '../../core/cloud/artefacts.ts'
import { type PrecheckItem, precheckDocumentSchema } from '../../core/documents/precheck.ts'
import { countText } from '../../core/present/units.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { type AccessReport, accessReportSchema, type PrecheckReport } from './model.ts'
import { Most } from './most.ts'

/** What other steps left behind as documents. A note says what could not be read. */
export interface ReadDocument<Content> {
  readonly content: Content
  readonly note: string | null
}

const NO_ACCESS: AccessReport = { opened: [], closed: [], open: [], notes: [], closedAt: null }

/** `access.json`: what the run opened and closed. Nothing was opened where there is none. */
export async function readAccess(store: ArtefactStore, run: RunIdentity): Promise<ReadDocument<AccessReport>> {
  return readDocument(store, run, 'access.json', NO_ACCESS, (document) => accessReportSchema.parse(document))
}

/** What the precheck found, with its score. */
export interface Prechecks {
  readonly checks: readonly PrecheckReport[]
  readonly score: number | null
}

/** `precheck.json`. */
export async function readPrechecks(store: ArtefactStore, run: RunIdentity): Promise<ReadDocument<Prechecks>> {
  return readDocument<Prechecks>(store, run, 'precheck.json', { checks: [], score: null }, (document) => {
    const { items, score } = precheckDocumentSchema.parse(document)
    return { checks: items.map(precheckReport), score }
  })
}

function precheckReport(item: PrecheckItem): PrecheckReport {
  const { status, cause, remedy } = item
  return {
    ...item,
    details: [...item.details],
    status: status === 'passed' || status === 'not-run' ? status : 'found',
    cause: cause ?? '',
    remedy: remedy ?? '',
    acknowledged: status === 'acknowledged',
  }
}

/** How many checks the report has, and details of one: of 2,000 databases there are a hundred thousand. */
const CHECKS = 1_000
const DETAILS = 200

/** Those that found something before those that passed, in their order. */
export function fewerPrechecks(checks: readonly PrecheckReport[]): PrecheckReport[] {
  const listed = new Most<PrecheckReport>(CHECKS, (one, other) => rankOf(one) - rankOf(other))
  for (const check of checks) listed.add(check)
  return listed.best(CHECKS).map((check) => {
    const more = check.details.length - DETAILS
    if (more <= 1) return check
    return { ...check, details: [...check.details.slice(0, DETAILS), `and ${countText(more)} more: see precheck.json`] }
  })
}

function rankOf({ blocks, status, level }: PrecheckReport): number {
  if (blocks) return 0
  if (status === 'found') return level === 'info' ? 2 : 1
  return status === 'not-run' ? 3 : 4
}

async function readDocument<Content>(
  store: ArtefactStore,
  run: RunIdentity,
  name: string,
  none: Content,
  parse: (document: unknown) => Content,
): Promise<ReadDocument<Content>> {
  try {
    const found = await store.read(artefactKey(run, name))
    return { content: found === null ? none : parse(JSON.parse(found)), note: null }
  } catch (thrown) {
    const why =
      thrown instanceof z.ZodError || thrown instanceof SyntaxError
        ? 'it is not of the form expected'
        : toSampanError(thrown).message
    return { content: none, note: `${name} could not be read: ${why}` }
  }
}
