import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { quoteIdentifier } from '../../../../core/postgres/identifiers.ts'
import { type OwnerFacts, whyNotOwner } from '../../../../core/postgres/roles.ts'
import { inBatches } from '../../../../core/runtime/in-batches.ts'
import type { SourceRights } from '../../../../core/structure/rights.ts'

/** Each is locked until the transaction ends, a batch of statements shares one, and the smallest lock table holds some thousand. */
const GROUP = 20

/**
 * Gives large objects to their owners, some at a time, behind all other objects; of owners that cannot be kept it is told whose
 * they become.
 * @param rights the source's
 */
export function largeObjectOwners(
  objects: readonly PlannedObject[],
  rights: readonly SourceRights[],
  owners: OwnerFacts,
): PlannedObject[] {
  const large = rights.filter(({ kind }) => kind === 'large object')
  const owned = [...Map.groupBy(large, ({ owner }) => owner ?? '')].filter(([owner]) => owner !== '')
  const firstId = objects.reduce((most, { id }) => Math.max(most, id), 0) + 1
  const made = owned.flatMap(([owner, of]): Pick<PlannedObject, 'name' | 'owner' | 'sql' | 'reason'>[] => {
    const oids = of.map(({ oid }) => oid).sort((one, other) => one - other)
    const why = whyNotOwner(owner, null, owners)
    if (why === 'quiet') return []
    if (why !== null) {
      const reason = `${why}: ${oids.length} large objects belong to ${owners.roles.account}`
      return [{ name: `LARGE OBJECTS of ${owner}`, owner, sql: '', reason }]
    }
    return inBatches(oids, GROUP).map((group) => {
      const [first = 0, last = first] = [group[0], group.at(-1)]
      const name = `LARGE OBJECTS ${first === last ? first : `${first} to ${last}`}`
      const sql = group.map((oid) => `ALTER LARGE OBJECT ${oid} OWNER TO ${quoteIdentifier(owner)};\n`).join('')
      return { name, owner, sql, reason: null }
    })
  })
  return made.map((object, index) => ({
    ...object,
    id: firstId + index,
    position: objects.length + index,
    kind: 'OWNER',
    schema: null,
    catalogOid: 0,
    oid: 0,
    stage: object.reason === null ? 'own' : 'never',
    dropSql: '',
    dependencies: [],
    bytes: 0,
    verdict: object.reason === null ? 'migrate' : 'skip',
    status: object.reason === null ? 'pending' : 'skipped',
    blockedBy: null,
    rowsOf: null,
    worksOn: null,
    buildSql: null,
    finishSql: null,
  }))
}

/** The large objects that such an object gives away; none of others. */
export function largeObjectsOf({ kind, sql }: Pick<PlannedObject, 'kind' | 'sql'>): readonly number[] {
  if (kind !== 'OWNER' || !sql.startsWith('ALTER LARGE OBJECT ')) return []
  return [...sql.matchAll(/^ALTER LARGE OBJECT (\d+) OWNER/gm)].map(([, oid]) => Number(oid))
}
