import type { ExpectedRights } from '../../../../core/ledger/objects/expected-rights.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import type { OwnerFacts } from '../../../../core/postgres/roles.ts'
import { itemText, parseItem, type RightItem, type SourceRights } from '../../../../core/structure/rights.ts'
import { isAwsRole } from '../../../../core/task/aws-names.ts'
import { PG_EXTENSION } from '../../toc/catalogue-oids.ts'
import { largeObjectsOf } from './large-object-owners.ts'
import { aclOfMember } from './member-rights.ts'
import { type PolicyRoles, presentRoles } from './policies.ts'

export interface RightsFacts {
  readonly owners: OwnerFacts
  readonly policyRoles: ReadonlyMap<number, PolicyRoles>
  /** Both servers are of one major version, and print an expression alike. */
  readonly sameMajor: boolean
  /** What is said of the database itself is migrated. */
  readonly everything: boolean
  readonly largeObjects: boolean
}

/**
 * The rights that a plan comes to: the source's, of the roles that the destination has. What they are in the end, by whatever
 * statements, triggers and default privileges, is compared with this before a run is sealed. Pure.
 */
export function expectedRights(
  rights: readonly SourceRights[],
  objects: readonly PlannedObject[],
  facts: RightsFacts,
): ExpectedRights[] {
  const plan = new Planned(objects)
  const map = new RightsMap(facts.owners)
  const { account } = facts.owners.roles
  return rights.flatMap((one): ExpectedRights[] => {
    const { kind, identity } = one
    if (kind === 'database') {
      return facts.everything ? [{ ...nobodys, kind, identity, ...map.rightsOf(one, null) }] : []
    }
    if (kind === 'large object') {
      const given = plan.ownerOfLarge.get(one.oid) ?? null
      if (!facts.largeObjects || (given === null && one.acl === null)) return []
      const owner = given?.owner ?? account
      return [{ ...nobodys, kind, identity, ownerObject: given?.id ?? null, owner, ...map.rightsOf(one, owner) }]
    }
    if (one.madeIn === PG_EXTENSION) {
      // Whoever has made the extension there owns its members.
      const given = aclOfMember(objects, one)
      const traits = one.traits ?? []
      return given === null
        ? []
        : [{ ...nobodys, object: given.id, kind, identity, ...map.rightsOf(one, null), traits }]
    }
    // A range type's functions have no place in the archive: they come with the type.
    const object = plan.at(one.madeIn ?? one.catalogue, one.madeOf ?? one.oid)
    if (object === null) return []
    if (kind === 'default privileges') return map.defaultsOf(one, object.id)
    if (kind === 'policy') return [policyOf(one, object.id, facts)]
    const ownership = plan.ownership(object)
    // They also stay with whoever made them; and a schema may have been there before.
    const isCompared = one.madeOf === null && (object.kind !== 'SCHEMA' || ownership !== null)
    const owner = (one.madeOf !== null && kind !== 'type' ? null : ownership?.owner) ?? account
    return [
      {
        object: object.id,
        ownerObject: ownership?.id ?? null,
        kind,
        identity,
        owner: isCompared ? owner : null,
        ...map.rightsOf(one, owner),
        traits: one.traits ?? [],
      },
    ]
  })
}

const nobodys = { object: null, ownerObject: null, owner: null, traits: [] }

/** What of the plan says whose an object becomes. */
class Planned {
  readonly ownerOfLarge: ReadonlyMap<number, PlannedObject>
  private readonly byOid: ReadonlyMap<string, PlannedObject>
  private readonly owners: ReadonlyMap<number, PlannedObject>
  private readonly tableOfSequence: ReadonlyMap<number, number>

  constructor(objects: readonly PlannedObject[]) {
    const made = objects.filter(({ status }) => status === 'pending')
    this.byOid = new Map(
      made.flatMap((object) => (object.oid === 0 ? [] : [[keyOf(object.catalogOid, object.oid), object] as const])),
    )
    const owners = made.filter(({ kind }) => kind === 'OWNER')
    this.owners = new Map(owners.map((object) => [object.dependencies[0] ?? -1, object]))
    this.ownerOfLarge = new Map(owners.flatMap((object) => largeObjectsOf(object).map((oid) => [oid, object] as const)))
    this.tableOfSequence = tablesOfSequences(objects)
  }

  at(catalogue: number, oid: number): PlannedObject | null {
    return this.byOid.get(keyOf(catalogue, oid)) ?? null
  }

  /** What gives this object to its owner; the sequence of a column goes with its table. */
  ownership(object: PlannedObject): PlannedObject | null {
    return this.owners.get(this.tableOfSequence.get(object.id) ?? object.id) ?? null
  }
}

function keyOf(catalogue: number, oid: number): string {
  return `${catalogue}.${oid}`
}

function tablesOfSequences(objects: readonly PlannedObject[]): ReadonlyMap<number, number> {
  const kinds = new Map(objects.map(({ id, kind }) => [id, kind]))
  return new Map(
    objects.flatMap(({ id, kind, dependencies }): [number, number][] => {
      if (kind !== 'SEQUENCE' && kind !== 'SEQUENCE OWNED BY') return []
      const table = dependencies.find((needed) => /^(FOREIGN )?TABLE$/.test(kinds.get(needed) ?? ''))
      if (table === undefined) return []
      const owned = kind === 'SEQUENCE' ? [id] : dependencies.filter((needed) => kinds.get(needed) === 'SEQUENCE')
      return owned.map((sequence) => [sequence, table])
    }),
  )
}

/** Rights as the destination's roles let them be. */
class RightsMap {
  private readonly owners: OwnerFacts

  constructor(owners: OwnerFacts) {
    this.owners = owners
  }

  rightsOf({ acl, columns }: SourceRights, owner: string | null): Pick<ExpectedRights, 'acl' | 'columns'> {
    const mapped = (items: readonly string[] | null) =>
      items === null ? null : unique(items.flatMap((item) => this.mapItem(parseItem(item), owner)))
    return { acl: mapped(acl), columns: mapped(columns) }
  }

  /** Said for the account where the source's account gives them. */
  defaultsOf(one: SourceRights, object: number): ExpectedRights[] {
    const [creator, schema, kind] = JSON.parse(one.identity) as [string, string | null, string]
    const { roles, sourceAccount } = this.owners
    const standing = roles.byName.get(creator)
    const speaks = standing !== undefined && (standing.mine || standing.giveable)
    if (!speaks && creator !== sourceAccount) return []
    const identity = itemText([speaks ? creator : roles.account, schema, kind] as never)
    const rights = this.rightsOf(one, speaks ? creator : roles.account)
    return [{ ...nobodys, object, kind: one.kind, identity, ...rights }]
  }

  private mapItem([privilege, grantee, ...rest]: RightItem, owner: string | null): string[] {
    if (!grantee.startsWith('r')) return [itemText([privilege, grantee, ...rest])]
    const role = grantee.slice(1)
    if (role === owner) return [itemText([privilege, 'o', ...rest])]
    return isKnown(role, this.owners) ? [itemText([privilege, grantee, ...rest])] : []
  }
}

function policyOf(one: SourceRights, object: number, { owners, policyRoles, sameMajor }: RightsFacts): ExpectedRights {
  const traits = (one.traits ?? []).filter((trait) => sameMajor || !trait.startsWith('text '))
  const named = policyRoles.get(one.oid)
  const roles =
    named === undefined || named.roles.length === 0 ? null : presentRoles(named, (role) => isKnown(role, owners))
  const acl = roles === null ? (one.acl ?? []) : unique(roles.map((role) => itemText(['TO', `r${role}`, false])))
  return { ...nobodys, object, kind: one.kind, identity: one.identity, acl, columns: null, traits }
}

function isKnown(role: string, { roles }: OwnerFacts): boolean {
  return roles.byName.has(role) && !isAwsRole(role)
}

/** In the order in which the server lists them. */
function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
}
