import { z } from 'zod'
import { type ArtefactStore, artefactKey } from '../cloud/artefacts.ts'
import { toSampanError } from '../runtime/errors.ts'
import type { RunIdentity } from '../runtime/event.ts'
import { type AccessReport, accessReportSchema, type PrecheckReport } from './model.ts'

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

const text = z.string().nullish()

const precheckDocument = z.looseObject({
  score: z.number().nullish(),
  checks: z.array(
    z.looseObject({
      code: z.string(),
      title: text,
      level: z.enum(['error', 'warning', 'info']),
      status: text,
      database: text,
      side: text,
      cause: text,
      remedy: text,
      details: z.array(z.string()).nullish(),
      acknowledged: z.boolean().nullish(),
    }),
  ),
})

/** `precheck.json`. */
export async function readPrechecks(store: ArtefactStore, run: RunIdentity): Promise<ReadDocument<Prechecks>> {
  return readDocument(store, run, 'precheck.json', { checks: [], score: null }, (document) => {
    const { checks, score } = precheckDocument.parse(document)
    return { score: score ?? null, checks: checks.map(precheckReport) }
  })
}

function precheckReport(check: z.output<typeof precheckDocument>['checks'][number]): PrecheckReport {
  return {
    code: check.code,
    title: check.title ?? check.code,
    level: check.level,
    status: check.status === 'passed' || check.status === 'not-run' ? check.status : 'found',
    database: check.database ?? null,
    side: check.side ?? null,
    cause: check.cause ?? '',
    remedy: check.remedy ?? '',
    details: check.details ?? [],
    acknowledged: check.acknowledged ?? false,
  }
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
