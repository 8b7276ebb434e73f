import type { KnownObject } from '../../../core/ledger/objects/known.ts'
import type { ExtensionPlace } from '../../../core/postgres/extension-places.ts'
import type { ExtensionRelation } from '../../../core/postgres/extension-relations.ts'
import { quoteLiteral, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { PG_CLASS } from '../toc/catalogue-oids.ts'
import type { TocEntry } from '../toc/entry.ts'
import type { PlanInput } from './plan.ts'
import type { EntryVerdict } from './verdict.ts'

/**
 * Rows and values of extensions' configuration as entries of the archive, which has none where it holds no data; under pg_dump's own
 * words. What refers to another one stands before it: so the rows of the extension's script go in an order that its foreign
 * keys allow.
 */
export function extensionDataEntries(
  configuration: readonly ExtensionRelation[],
  entries: readonly TocEntry[],
  firstId: number,
): TocEntry[] {
  const extensions = new Map(entries.filter(({ kind }) => kind === 'EXTENSION').map(({ tag, id }) => [tag, id]))
  const known = referringFirst(configuration.filter(({ extension }) => extensions.has(extension)))
  return known.map((relation, index) => ({
    id: firstId + index,
    catalogOid: PG_CLASS,
    oid: relation.oid,
    kind: relation.kind === 'table' ? 'TABLE DATA' : 'SEQUENCE SET',
    tag: relation.name,
    section: 'data',
    sql: '',
    dropSql: '',
    schema: relation.schema,
    owner: '',
    tablespace: '',
    accessMethod: null,
    relationKind: null,
    hasData: true,
    dependencies: [extensions.get(relation.extension) ?? 0],
  }))
}

function referringFirst(relations: readonly ExtensionRelation[]): readonly ExtensionRelation[] {
  const depth = (relation: ExtensionRelation, above: readonly number[]): number => {
    const referring = relations.filter(({ oid, behind }) => behind.includes(relation.oid) && !above.includes(oid))
    return Math.max(0, ...referring.map((one) => 1 + depth(one, [...above, one.oid])))
  }
  return relations
    .map((relation) => ({ relation, depth: depth(relation, [relation.oid]) }))
    .sort((one, other) => one.depth - other.depth)
    .map(({ relation }) => relation)
}

/**
 * Makes place for the rows: what the extension's script has written of them is replaced, as the source's rows are what they have
 * become. In an extension that stood there before they may be somebody's: those that the source does not have are replaced where the
 * task acknowledges it.
 */
export function judgeExtensionData(
  relation: ExtensionRelation,
  place: ExtensionPlace | undefined,
  mayReplace: boolean,
): EntryVerdict {
  const name = quoteQualified(relation.schema, relation.name)
  if (!relation.readable) return { verdict: 'skip', reason: 'the source’s account may not read it' }
  if (place?.obstacle) return { verdict: 'skip', reason: place.obstacle }
  if (relation.kind === 'sequence') {
    return { verdict: 'migrate', sql: `SELECT ${quoteLiteral(name)}::pg_catalog.regclass;\n` }
  }
  const rows = `FROM ONLY ${name} WHERE (${relation.where}\n)`
  if (!place?.standing || mayReplace) return { verdict: 'migrate', sql: `DELETE ${rows};\n` }
  const message = `rows of ${name} are on the destination already; delete them there, or drop the extension there`
  const known = place.others ? 0 : place.rows
  const body = `BEGIN IF (SELECT pg_catalog.count(*) ${rows}) > ${known} THEN RAISE EXCEPTION USING ERRCODE = 'SP008', MESSAGE = ${quoteLiteral(message)}; END IF;
    DELETE ${rows}; END`
  return { verdict: 'migrate', sql: `DO ${quoteLiteral(body)};\n` }
}

/** An extension that this run has made itself stood there no more than before: what is planned of its rows stays as it was. */
export function asPlannedBefore(
  places: PlanInput['places'],
  known: readonly Pick<KnownObject, 'kind' | 'oid' | 'sql'>[],
): ReadonlyMap<number, ExtensionPlace> {
  const planned = new Map(known.filter(({ kind }) => kind === 'TABLE DATA').map(({ oid, sql }) => [oid, sql]))
  return new Map(
    [...(places ?? [])].map(([oid, place]) => {
      const sql = planned.get(oid)
      return [oid, sql === undefined ? place : { ...place, standing: sql.startsWith('DO ') }]
    }),
  )
}
