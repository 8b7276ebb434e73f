import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Renames } from '../../../core/names/renames.ts'
import { schemaThere } from '../../../core/names/renames.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import type { StepTools } from '../../../core/runtime/step-handler.ts'
import { objectName } from '../../../core/structure/object-name.ts'
import { readRights, type SourceRights } from '../../../core/structure/rights.ts'
import { readDatabaseForm } from '../plan/database/destination-database.ts'
import type { SourceFacts } from '../plan/facts.ts'
import { inOlderSyntax } from '../plan/older-syntax.ts'
import type { Plan } from '../plan/plan.ts'
import type { TocEntry } from '../toc/entry.ts'
import { readArchive } from '../toc/read.ts'
import { brokenBodies } from './broken-bodies.ts'
import { dropColumns, goneWithColumns, tablesWithoutTheirKey } from './excluded-columns.ts'
import { type Following, follow } from './follow.ts'
import { madeInScratch, scratchSql } from './objects.ts'
import { renameSql } from './rename-sql.ts'
import { rightsThere } from './rights-there.ts'
import type { Refused, Scratch } from './scratch.ts'
import { scratchDatabase } from './scratch-database.ts'
import { MOST_TABLES_IN_TRANSACTION, scratchTransaction } from './scratch-transaction.ts'
import { type NamedParts, namesOf, textsThere } from './texts.ts'

/** What a plan is under the destination’s names. */
export interface Transformation {
  readonly renames: Renames
  /** Of entries that are others there, by their numbers in the plan. */
  readonly texts: ReadonlyMap<number, NamedParts>
  /** What goes with columns that stay behind, each with its reason; by number. */
  readonly gone: ReadonlyMap<number, string>
  /** Tables that have lost a key with a column, by their oids. */
  readonly keyless: ReadonlySet<number>
  /** Owners and rights of the source under the names of the destination. */
  readonly rights: readonly SourceRights[]
}

export interface Transformed {
  readonly plan: Plan
  /** Where the destination finds what is named without a schema. */
  readonly path: SearchPath
  /** What is not as it was behind the new names: bodies that are text. */
  readonly broken: readonly string[]
}

export interface TransformOptions {
  readonly event: StepEvent
  readonly step: StepTools
  readonly destination: Session
  readonly facts: SourceFacts
  /** The source’s, under the source’s names. */
  readonly plan: Plan
  readonly renames: Renames
  readonly path: SearchPath
  /** The same plan under other names. */
  replan(transformation: Transformation, refused: ReadonlyMap<number, string>): Plan
  timeout(): number
}

/** Acknowledged: what the destination does not take under the new names is left out. */
const BREAKS_OBJECTS = 'RENAME_BREAKS_OBJECTS'
/** Acknowledged: text keeps the old names. */
export const BREAKS_CODE = 'RENAME_BREAKS_CODE'

/**
 * Gives the objects of a plan their new names where PostgreSQL does it: in a copy of them that is made empty on the destination, renamed by
 * ALTER … RENAME and dumped again. What is dumped is made once more, since a copy may be healthy and its dump not. Nothing stays.
 * @throws SampanError `SCRATCH_IMPOSSIBLE`, `SCRATCH_REFUSED`, `COLUMN_NEEDED`, `RENAME_REFUSED`, `RENAME_NOT_FOLLOWED`, `RENAME_BREAKS_OBJECTS`,
 *   `RENAME_BREAKS_CODE`
 */
export async function transformObjects(options: TransformOptions): Promise<Transformed> {
  const { event, path, renames, plan } = options
  const scratch = await openScratch(options)
  try {
    const made = madeInScratch(plan.objects)
    refuseIf(made, await scratch.make(made.map((object) => scratchSql(object, path))), cannotBeTried)
    const before = await scratchEntries(scratch)
    const wasBroken = await brokenBodies(scratch, made, path)
    await dropColumns(scratch, renames)
    const statements = renameSql(renames, made)
    const [refused] = await scratch.make(statements)
    if (refused !== undefined) throw renameRefused(statements[refused.number] ?? '', refused.message)
    const after = await scratchEntries(scratch)
    const following = follow(made, before, after)
    requireFollowed(following, renames)
    const transformation = {
      renames,
      gone: goneWithColumns(following.gone, plan.entries, renames),
      keyless: tablesWithoutTheirKey(following.gone, plan.entries),
      texts: textsThere(plan.entries, renames, following, options.facts.settings),
      rights: rightsThere(options.facts.rights, renames, following, {
        rights: await readRights(scratch.session),
        schemas: await quotedSchemas(scratch.session, renames),
      }),
    }
    await scratch.empty()
    const there = pathThere(path, renames)
    const whole = options.replan(transformation, transformation.gone)
    const again = madeInScratch(whole.objects)
    const failed = await scratch.make(again.map((object) => scratchSql(object, there)))
    const isBroken = await brokenBodies(scratch, again, there)
    const broken = [...isBroken].flatMap(([id, said]) => (wasBroken.has(id) ? [] : [said]))
    if (broken.length > 0 && !event.task.precheck.acknowledge.includes(BREAKS_CODE)) throw breaksCode(broken)
    const left = leftOut(again, failed)
    if (left.size > 0 && !event.task.precheck.acknowledge.includes(BREAKS_OBJECTS)) throw breaksObjects(again, failed)
    return {
      plan: left.size === 0 ? whole : options.replan(transformation, new Map([...transformation.gone, ...left])),
      path: there,
      broken,
    }
  } finally {
    await scratch.remove()
  }
}

/** A database of its own where the account may make one, else one transaction, where that can hold the locks. */
async function openScratch({ event, step, destination, plan, path, timeout }: TransformOptions): Promise<Scratch> {
  try {
    return await scratchDatabase(event, step, destination, await readDatabaseForm(destination), timeout)
  } catch (thrown) {
    if (!(thrown instanceof SampanError) || thrown.code !== 'DST_CREATE_DATABASE_DENIED') throw thrown
    const tables = plan.objects.filter(({ kind, status }) => kind === 'TABLE' && status === 'pending').length
    if (tables <= MOST_TABLES_IN_TRANSACTION) return scratchTransaction(event, step, path, timeout)
    throw new SampanError({
      code: 'SCRATCH_IMPOSSIBLE',
      message: `names are changed in an empty copy of the objects: the destination’s account may create no database for it, and ${tables} tables are too many for one transaction (${MOST_TABLES_IN_TRANSACTION})`,
      remedy: 'give the destination’s account CREATEDB (ALTER ROLE … CREATEDB), or take the new names out of the task',
      cause: thrown,
    })
  }
}

async function scratchEntries(scratch: Scratch): Promise<readonly TocEntry[]> {
  const { archive } = await scratch.dump()
  return readArchive(archive).entries.map((entry) => inOlderSyntax(entry, scratch.session.serverVersion))
}

async function quotedSchemas(session: Session, { schemas, emptied }: Renames): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set([...schemas.values(), ...emptied.values()])]
  const rows = await session.rows<{ name: string; quoted: string }>(
    `SELECT n.name, pg_catalog.quote_ident(n.name) AS quoted FROM pg_catalog.unnest($1::text[]) AS n(name)`,
    [names],
  )
  return new Map(rows.map(({ name, quoted }) => [name, quoted]))
}

/** Every name of a path is quoted (behindCatalog). */
function pathThere(path: SearchPath, renames: Renames): SearchPath {
  return path.replace(/"((?:[^"]|"")*)"/g, (_all, quoted: string) =>
    quoteIdentifier(schemaThere(renames, quoted.replaceAll('""', '"'))),
  )
}

/** Those that failed for no other one’s failure. */
function roots(objects: readonly PlannedObject[], refused: readonly Refused[]) {
  const failed = new Map(refused.map(({ number, message }) => [objects[number]?.id ?? -1, message]))
  const first = objects.filter(({ id, dependencies }) => failed.has(id) && !dependencies.some((one) => failed.has(one)))
  return first.map((object) => ({ object, message: failed.get(object.id) ?? '' }))
}

function told(objects: readonly PlannedObject[], refused: readonly Refused[]): string {
  const found = roots(objects, refused)
  const named = found.map(({ object, message }) => `${nameOf(object)}: ${message}`)
  return listed(named, { between: '; ' })
}

function nameOf(object: Pick<PlannedObject, 'kind' | 'schema' | 'name'>): string {
  return `${object.kind.toLowerCase()} ${objectName(object)}`
}

function leftOut(objects: readonly PlannedObject[], refused: readonly Refused[]): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>()
  const failed = new Map(refused.map(({ number, message }) => [objects[number]?.id ?? -1, message]))
  for (const { id } of objects) {
    const message = failed.get(id)
    if (message !== undefined) reasons.set(id, `the destination does not take it under the new names: ${message}`)
  }
  return reasons
}

function refuseIf(
  objects: readonly PlannedObject[],
  refused: readonly Refused[],
  error: (told: string) => SampanError,
): void {
  if (refused.length > 0) throw error(told(objects, refused))
}

function cannotBeTried(what: string): SampanError {
  return new SampanError({
    code: 'SCRATCH_REFUSED',
    message: `names are changed in an empty copy of the objects, and the destination does not make all of them: ${what}`,
    remedy:
      'nothing was made: exclude them, or mend what is said; where they are there already under these names, give the destination’s account CREATEDB: the copy has a database of its own then',
  })
}

function renameRefused(statement: string, message: string): SampanError {
  return new SampanError({
    code: 'RENAME_REFUSED',
    message: `PostgreSQL does not take a new name: ${statement}: ${message}`,
    remedy: 'nothing was made: give another name in the task, or take this one out',
  })
}

/** Whatever cannot be found again would keep its old names, or be lost. @throws SampanError `RENAME_NOT_FOLLOWED` */
function requireFollowed({ lost, surplus, gone }: Following, { relations }: Renames): void {
  const drops = [...relations.values()].some(({ excluded }) => excluded.length > 0)
  const missing = drops ? lost : [...lost, ...gone]
  if (missing.length + surplus.length === 0) return
  const named = [...namesOf(missing), ...surplus.map(({ kind, tag }) => `${kind.toLowerCase()} ${tag}`)]
  throw new SampanError({
    code: 'RENAME_NOT_FOLLOWED',
    message: `it is not certain what these are behind the new names: ${listed(named)}`,
    remedy: 'nothing was made: exclude them, or take the new names out of the task',
  })
}

function breaksObjects(objects: readonly PlannedObject[], refused: readonly Refused[]): SampanError {
  return new SampanError({
    code: BREAKS_OBJECTS,
    message: `under the new names the destination does not take all objects: ${told(objects, refused)}`,
    remedy: `nothing was made: mend the functions that they call on the source so that they name nothing that is renamed, or add "${BREAKS_OBJECTS}" to precheck.acknowledge: they are left out, with what needs them`,
  })
}

function breaksCode(broken: readonly string[]): SampanError {
  return new SampanError({
    code: BREAKS_CODE,
    message: `${broken.length} functions do not work under the new names: ${listed(broken, { between: '; ' })}`,
    remedy: `nothing was made: their bodies are text, which is not rewritten; add "${BREAKS_CODE}" to precheck.acknowledge, and mend them on the destination afterwards`,
  })
}
