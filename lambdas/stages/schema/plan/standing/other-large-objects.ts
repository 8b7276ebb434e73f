import { LARGE_OBJECTS_OID } from '../../../../core/ledger/relation.ts'
import type { Session } from '../../../../core/postgres/connect.ts'
import { listed } from '../../../../core/present/listed.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'
import type { SourceFacts } from '../facts.ts'

type Relations = readonly { readonly oid: number }[]

/** Named of those that are in the way. */
const MOST_NAMED = 100

/**
 * Once planned they stay planned, though the source has none any more: what an older view has brought along is compared, and goes. Pure.
 * @param known relations of the plan before
 */
export function withLargeObjectsKnown(facts: SourceFacts, known: Relations): SourceFacts {
  return includes(known) ? { ...facts, largeObjects: Math.max(1, facts.largeObjects) } : facts
}

/**
 * The precheck looks for large objects of the destination's own where the source has any; the first of the source's may have come
 * since, and of the same id they would overwrite those.
 * @throws SampanError `DST_OBJECTS_EXIST`
 */
export async function requireNoOtherLargeObjects(
  destination: Session,
  planned: Relations,
  known: Relations,
): Promise<void> {
  if (!includes(planned) || includes(known)) return
  const rows = await destination.rows<{ oid: number }>(
    `SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid LIMIT ${MOST_NAMED}`,
  )
  if (rows.length === 0) return
  throw new SampanError({
    code: 'DST_OBJECTS_EXIST',
    message: `the source has large objects, and the destination has some of its own: ${listed(rows.map(({ oid }) => String(oid)))}`,
    remedy:
      'remove them there (SELECT lo_unlink(OID)), exclude large objects ({"kind": "LARGE OBJECTS"}), or migrate into another database (as); then start again',
  })
}

function includes(relations: Relations): boolean {
  return relations.some(({ oid }) => oid === LARGE_OBJECTS_OID)
}
