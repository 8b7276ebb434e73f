import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import { readComputed } from '../../../core/expression/computed.ts'
import { conditionsByTable, readFilterableTables } from '../../../core/filter/filtered.ts'
import { followParents } from '../../../core/filter/follow.ts'
import { readChosenKeys } from '../../../core/filter/keys.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { type ExtensionPlace, findPlaces } from '../../../core/postgres/extension-places.ts'
import type { ExtensionRelation } from '../../../core/postgres/extension-relations.ts'
import { readUsedRoles, rolesToMake, withMadeRoles } from '../../../core/postgres/new-roles.ts'
import { readClosedSchemas, readDestinationRoles } from '../../../core/postgres/roles.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { STREAM_NAME } from '../../../core/postgres/stream-name.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { DatabaseIdentity, StepEvent } from '../../../core/runtime/event.ts'
import { readChangedIdentities } from '../../../core/stream/identities.ts'
import type { TaskDatabase } from '../../../core/task/databases.ts'
import { roleMap, wantsMade } from '../../../core/task/roles.ts'
import { columnExpressions, keyChoices, rowFilters, tableNames } from '../../../core/task/table-options.ts'
import type { TocEntry } from '../toc/entry.ts'
import { readArchive } from '../toc/read.ts'
import { knowsLz4 } from './compression.ts'
import { readDatabaseForm } from './database/destination-database.ts'
import { readFacts } from './facts.ts'
import { withOwnIdentities } from './own-identities.ts'
import type { PlanInput, TableChanges } from './plan.ts'
import { withMappedFacts, withMappedRoles } from './rights/map-roles.ts'
import { rightsOfVersion } from './rights/rights-along.ts'

/** All that the plan of a database is made of, but what is set for the database itself. */
export async function readPlanInput(
  event: StepEvent,
  environment: CloudEnvironment,
  database: DatabaseIdentity,
  archive: Uint8Array,
  { source, destination }: { readonly source: Session; readonly destination: Session },
): Promise<PlanInput> {
  const archived = readArchive(archive).entries.filter((entry) => !isOfStream(entry))
  const written = withOwnIdentities(archived, await readChangedIdentities(source))
  const tables = written.filter(({ kind }) => kind === 'TABLE').map(({ oid }) => oid)
  const chosen = taskDatabase(event, database)
  const changes = await readChanges(source, chosen, tables)
  const [facts, roles, closedSchemas, lz4] = await Promise.all([
    Promise.all([readDatabaseForm(destination), readOfferedComments(destination)]).then(([form, offered]) =>
      readFacts(source, tables, form, offered, changes.computed.rerouted),
    ),
    readDestinationRoles(destination),
    readClosedSchemas(destination),
    knowsLz4(destination),
  ])
  const places = await placesOf(event, environment, source, facts.configuration)
  const used = event.task.roles === undefined ? [] : await readUsedRoles(source)
  const along = { ...facts, rights: rightsOfVersion(facts.rights, destination.serverVersion) }
  const map = roleMap(event.task.roles, facts.account)
  const wanted = wantsMade(event.task.roles, facts.account)
  const newRoles = roles.createsRoles === true ? rolesToMake(used, roles, wanted) : []
  return {
    run: event.run.id,
    following: event.task.follow !== undefined,
    destinationVersion: destination.serverVersion,
    entries: map === null ? written : withMappedRoles(written, facts, map),
    facts: map === null ? along : withMappedFacts(along, map),
    places,
    mayReplaceRows: event.task.precheck.acknowledge.includes('DST_EXTENSION_ROWS'),
    roles: withMadeRoles(roles, newRoles),
    newRoles,
    closedSchemas,
    lz4,
    include: chosen.include,
    exclude: chosen.exclude,
    changes,
  }
}

/** What a run has opened to follow the source, this one or another, is not the source's own. */
function isOfStream({ kind, tag }: TocEntry): boolean {
  if (kind === 'COMMENT') return STREAM_NAME.test(/^PUBLICATION (.*)$/.exec(tag)?.[1] ?? '')
  return /^PUBLICATION( TABLE)?$/.test(kind) && STREAM_NAME.test(tag.split(' ', 1)[0] ?? '')
}

/** @param comes oids of the tables that pg_dump knows */
async function readChanges(source: Session, database: TaskDatabase, comes: readonly number[]): Promise<TableChanges> {
  const names = tableNames(database)
  const filters = rowFilters(database)
  const tables = names.length === 0 ? [] : await readFilterableTables(source)
  const known = new Set(comes)
  const keys = keyChoices(database)
  const chosenKeys = await readChosenKeys(source, keys, tables)
  const { conditions, reads, refused } = followParents(conditionsByTable(filters, tables), chosenKeys, tables)
  return {
    ...{ names, filters, tables, keys, conditions, reads },
    ...{ chosenKeys, refusedKeys: refused },
    computed: await readComputed(source, columnExpressions(database), tables, ({ oid }) => known.has(oid)),
  }
}

/** What the task says of the database. */
export function taskDatabase({ task }: StepEvent, { name, as }: DatabaseIdentity): TaskDatabase {
  const chosen = task.databases.find((one) => one.name === name && one.as === as)
  if (chosen === undefined) throw notInTask({ name, as })
  return chosen
}

/**
 * The comments that extensions bring along. Of the destination: to tell them a server reads every control file it has, and one that it
 * cannot read, left by another version, keeps it from telling of any. Which of these the source has is nobody's matter.
 */
async function readOfferedComments(destination: Session): Promise<ReadonlyMap<string, string | null>> {
  const rows = await destination.rows<{ name: string; comment: string | null }>(
    `SELECT name::text AS name, comment FROM pg_catalog.pg_available_extensions`,
  )
  return new Map(rows.map(({ name, comment }) => [name, comment]))
}

/** On a session of its own: it creates extensions, and takes them back. */
async function placesOf(
  event: StepEvent,
  environment: CloudEnvironment,
  source: Session,
  configuration: readonly ExtensionRelation[],
): Promise<ReadonlyMap<number, ExtensionPlace>> {
  if (configuration.length === 0) return new Map()
  const session = await openDestination(event, environment, { purpose: 'extension-places' })
  try {
    return await findPlaces(session, source, configuration)
  } finally {
    await session.close()
  }
}

/** A failed look-up must never mean everything. */
function notInTask({ name, as }: DatabaseIdentity): SampanError {
  return new SampanError({
    code: 'EVENT_INCOMPLETE',
    message: `PlanObjects was called for the database ${name} (as ${as}), which the task does not name`,
    remedy: 'start the task from its beginning',
  })
}
