import { type RenamedRelation, type Renames, schemaThere } from '../../../core/names/renames.ts'
import { unquoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { itemText, parseItem, type SourceRights } from '../../../core/structure/rights.ts'
import { PG_CLASS, PG_NAMESPACE, PG_TYPE } from '../toc/catalogue-oids.ts'
import type { Following } from './follow.ts'

interface ScratchRights {
  /** Of what stands in the scratch under the new names. */
  readonly rights: readonly SourceRights[]
  /** Schemas’ new names, as the server writes them. */
  readonly schemas: ReadonlyMap<string, string>
}

/**
 * The source’s owners and rights under the names that their objects have on the destination, and the policies’ texts as they are there: what
 * Seal compares with. Pure.
 */
export function rightsThere(
  rights: readonly SourceRights[],
  renames: Renames,
  { found }: Following,
  scratch: ScratchRights,
): readonly SourceRights[] {
  const key = (catalogue: number, oid: number) => `${catalogue}.${oid}`
  const oids = new Map([...found.values()].map(({ source, after }) => [key(source.catalogOid, source.oid), after]))
  const there = new Map(scratch.rights.map((one) => [key(one.catalogue, one.oid), one]))
  const madeThere = Map.groupBy(inOrder(scratch.rights), ({ madeOf }) => madeOf ?? 0)
  const madeHere = Map.groupBy(inOrder(rights), ({ madeOf }) => madeOf ?? 0)
  return rights.map((one) => {
    if (one.kind === 'default privileges') return { ...one, identity: defaultsThere(one.identity, renames) }
    if (one.catalogue === PG_NAMESPACE) return { ...one, identity: schemaOf(one, renames, scratch.schemas) }
    const relation = one.catalogue === PG_CLASS ? renames.relations.get(one.oid) : undefined
    const counterpart =
      one.madeOf === null
        ? there.get(keyOfEntry(oids.get(key(one.catalogue, one.oid))))
        : // A range type’s functions are made with it, always in the same order.
          madeThere.get(oids.get(key(PG_TYPE, one.madeOf))?.oid ?? -1)?.[madeHere.get(one.madeOf)?.indexOf(one) ?? -1]
    if (counterpart === undefined) return one
    const traits = one.traits?.map((trait) =>
      trait.startsWith('text ') ? (counterpart.traits?.find((other) => other.startsWith('text ')) ?? trait) : trait,
    )
    return {
      ...one,
      identity: counterpart.identity,
      traits: traits ?? one.traits,
      columns: columnsThere(one.columns, relation),
    }
  })

  function keyOfEntry(entry: { readonly catalogOid: number; readonly oid: number } | undefined): string {
    return entry === undefined ? '' : key(entry.catalogOid, entry.oid)
  }
}

function inOrder(rights: readonly SourceRights[]): readonly SourceRights[] {
  return rights.filter(({ madeOf }) => madeOf !== null).toSorted((a, b) => a.oid - b.oid)
}

function defaultsThere(identity: string, renames: Renames): string {
  const [creator, schema, letter] = JSON.parse(identity) as [string, string | null, string]
  if (schema === null) return identity
  return itemText([creator, schemaThere(renames, schema), letter] as never)
}

function schemaOf(one: SourceRights, renames: Renames, quoted: ReadonlyMap<string, string>): string {
  const name = unquoteIdentifier(one.identity)
  const to = schemaThere(renames, name)
  return to === name ? one.identity : (quoted.get(to) ?? to)
}

function columnsThere(
  items: readonly string[] | null,
  relation: RenamedRelation | undefined,
): readonly string[] | null {
  const standing = (items ?? []).filter((item) => relation?.excluded.includes(parseItem(item)[3] ?? '') !== true)
  if (standing.length === 0) return null
  return standing.map((item) => columnThere(item, relation?.columns)).toSorted(byBytes)
}

function columnThere(item: string, columns: ReadonlyMap<string, string> | undefined): string {
  const [privilege, grantee, grantable, column] = parseItem(item)
  if (column === undefined) return item
  return itemText([privilege, grantee, grantable, columns?.get(column) ?? column])
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
