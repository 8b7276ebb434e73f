import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import type { OwnerFacts } from '../../../../core/postgres/roles.ts'
import type { TocEntry } from '../../toc/entry.ts'
import type { SourceFacts } from '../facts.ts'
import { splitStatements } from '../statements.ts'
import { judgeOwner, sequencesOfColumns } from './owners.ts'
import { granteeOf, withStandIns } from './privileges.ts'

type Decided = Omit<PlannedObject, 'rowsOf' | 'worksOn' | 'buildSql' | 'finishSql'>

/**
 * The objects with what becomes of their owners: who can be kept is an object of the last stage, so that it has an account of
 * its own; of others the object says whose it becomes. Schemas are given last, when nothing is made in them any more.
 */
export function withOwners(
  objects: readonly Decided[],
  entries: readonly TocEntry[],
  facts: SourceFacts,
  owners: OwnerFacts,
): Decided[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const follows = sequencesOfColumns(entries)
  const kept = new Map<number, Decided>()
  const told = objects.map((object): Decided => {
    const entry = byId.get(object.id)
    // What stands there already is somebody's.
    if (entry === undefined || object.status === 'skipped' || object.kept === true) return object
    const verdict = judgeOwner(entry, follows.has(object.id), owners)
    if (verdict.owner === 'kept') kept.set(object.id, ownerOf(object, verdict.sql))
    if (verdict.owner !== 'lost') return object
    const reason = object.reason === null ? verdict.reason : `${object.reason}; ${verdict.reason}`
    return { ...object, verdict: 'transform', reason }
  })
  const late = told.flatMap((object) => forOwner(object, { kept, facts, owners }))
  if (kept.size === 0 && late.length === 0) return told
  const moved = new Set(late.map(({ id }) => id))
  const isFilled = ({ kind }: Decided) => kind === 'MATERIALIZED VIEW DATA'
  // What fills a view may need the rights that come with the owners.
  const last = [...kept.values(), ...late.filter((object) => !isFilled(object)), ...late.filter(isFilled)]
  const ordered = [
    ...told.filter(({ id }) => !moved.has(id)),
    ...last.filter((object) => !isOfSchema(object)),
    ...last.filter(isOfSchema),
  ]
  const firstId = Math.max(0, ...objects.map(({ id }) => id)) + 1
  let added = 0
  return ordered.map((object, position) => ({
    ...object,
    position,
    id: object.kind === 'OWNER' ? firstId + added++ : object.id,
  }))
}

function isOfSchema({ kind, name }: Decided): boolean {
  return (kind === 'OWNER' || kind === 'ACL') && name.startsWith('SCHEMA ')
}

interface Surroundings {
  /** The owners to come, by their objects. */
  readonly kept: ReadonlyMap<number, Decided>
  readonly facts: SourceFacts
  readonly owners: OwnerFacts
}

/** The object as one of the last stage, where it waits for owners; none where it does not. */
function forOwner(object: Decided, { kept, facts, owners }: Surroundings): readonly Decided[] {
  if (object.status === 'skipped') return []
  const [target = 0] = object.dependencies
  switch (object.kind) {
    case 'DEFAULT ACL':
      return spokenFor(object, owners.roles)
    case 'ACL':
      return rightsOfOwner(object, kept.get(target), owners.roles.account)
    case 'MATERIALIZED VIEW DATA':
      return kept.size > 0 && facts.rowSecuredViews.has(object.oid) ? [filledByOwner(object, kept.get(target))] : []
    default:
      return []
  }
}

/** What a role gives by default the account says for it, as a member of it for the moment where it is none. */
function spokenFor(object: Decided, { byName }: OwnerFacts['roles']): readonly Decided[] {
  const creator = byName.get(object.owner)
  // Where it cannot, they are left out, or said for the account itself.
  return creator === undefined || creator.mine || !creator.giveable ? [] : [outsideOfSchemas(object)]
}

/** No right on a schema is asked for. */
function outsideOfSchemas(object: Decided): Decided {
  const there = object.there === undefined ? {} : { there: { ...object.there, schema: null } }
  return { ...object, ...there, stage: 'own', schema: null }
}

/**
 * Rights that an owner has taken from himself, or that the account is granted by another owner: the account is the owner up to
 * here, and needs all its rights for the rows.
 */
function rightsOfOwner(object: Decided, owner: Decided | undefined, account: string): readonly Decided[] {
  const grantees = splitStatements(object.sql).map(granteeOf)
  if (!grantees.includes(object.owner) && !(owner !== undefined && grantees.includes(account))) return []
  if (owner !== undefined) return [{ ...object, stage: 'own', owner: owner.owner }]
  if (object.name === 'SCHEMA public') return []
  const standIns = new Map([[object.owner, account]])
  const sql = splitStatements(object.sql).map((statement) => `${withStandIns(statement, standIns)};\n`)
  return [{ ...object, stage: 'own', owner: '', sql: sql.join('') }]
}

/**
 * A materialized view that reads row-secured tables, through views or not: filled by the account it would hold rows that its
 * owner, or the owner of a view between, does not see. It is filled when all have their owners.
 */
function filledByOwner(object: Decided, owner: Decided | undefined): Decided {
  // Our sessions take hidden rows for an error; here they are what is wanted.
  const rowSecurity = (value: string) => `SELECT pg_catalog.set_config('row_security', '${value}', true);\n`
  return {
    ...object,
    stage: 'own',
    owner: owner?.owner ?? '',
    sql: `${rowSecurity('on')}${object.sql}${rowSecurity('off')}`,
  }
}

function ownerOf(object: Decided, sql: string): Decided {
  return {
    ...object,
    kind: 'OWNER',
    name: `${object.kind} ${object.name}`,
    ...(object.there === undefined
      ? {}
      : { there: { schema: object.there.schema, name: `${object.kind} ${object.there.name}` } }),
    catalogOid: 0,
    oid: 0,
    stage: 'own',
    sql,
    dependencies: [object.id],
    bytes: 0,
    verdict: 'migrate',
    reason: null,
  }
}
