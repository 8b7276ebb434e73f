import { type BothSides, readBesideExpected } from '../ledger/objects/expected-rights.ts'
import type { Session } from '../postgres/connect.ts'
import { itemText, parseItem, type RightItem } from './rights.ts'
import { rightsSql, standardSql } from './rights-sql.ts'

/** How the rights on one object differ from what the plan comes to. */
export interface RightsDifference {
  /** `table public.orders` */
  readonly what: string
  /** What somebody may do, or sees, that he must not: phrases. */
  readonly wider: readonly string[]
  /** What somebody cannot do that he could. */
  readonly narrower: readonly string[]
}

/**
 * Compares owners, rights, row security and policies of all that the run has made with what its plan comes to, in one question,
 * whatever the number of objects.
 */
export async function compareRights(destination: Session, run: string): Promise<readonly RightsDifference[]> {
  const rows = await readBesideExpected(destination, run, {
    sql: rightsSql(destination.serverVersion),
    standardOf: standardSql,
  })
  return rows.map(differenceOf).filter(({ wider, narrower }) => wider.length + narrower.length > 0)
}

/** Pure. */
export function differenceOf(both: BothSides): RightsDifference {
  const { kind, identity } = both
  const what = nameOf(kind, identity)
  const isDefault = kind === 'default privileges'
  // Seal looks for what is gone before it asks for rights (gone.ts).
  // A row type without rights of its own is not read.
  const [born, bornThere] = [bornOf(both.traits), bornOf(both.actualTraits)]
  if (both.missing && !isDefault && (kind !== 'type' || born.size > 0)) return { what, wider: [], narrower: [] }
  if (kind === 'policy') return { what, ...policyDifference(both) }
  const owner =
    both.owner !== null && both.owner !== both.actualOwner
      ? [`it belongs to ${both.actualOwner} instead of ${both.owner}`]
      : []
  // Whoever owns what was there, the database for one, has what was given to him as its owner.
  const expected = [...(both.acl ?? both.standard), ...(both.columns ?? [])].map((item) => {
    const [privilege, grantee, ...rest] = parseItem(item)
    return grantee === `r${both.actualOwner}` ? itemText([privilege, 'o', ...rest]) : item
  })
  const actual = [...(both.actualAcl ?? both.standard), ...(both.actualColumns ?? [])]
  const isAccounts = ([, grantee]: RightItem) => /^(schema|database)$/.test(kind) && grantee === `r${both.account}`
  // A member of an extension is born with what its version there says: that is nobody's doing, unless somebody has taken it on the source.
  const [own, others] = [(item: RightItem) => born.has(keyOf(item)), (item: RightItem) => bornThere.has(keyOf(item))]
  const more = rightsOnlyIn(actual, expected).filter((item) => !isAccounts(item) && !(others(item) && !own(item)))
  const less = rightsOnlyIn(expected, actual).filter((item) => !(own(item) && !others(item)))
  const isOwners = ([, grantee]: RightItem) => grantee === 'o'
  const traits = {
    lost: both.traits.filter((trait) => !isBirth(trait) && !both.actualTraits.includes(trait)),
    new: both.surplus ? [] : both.actualTraits.filter((trait) => !isBirth(trait) && !both.traits.includes(trait)),
  }
  return {
    what,
    wider: [
      ...owner,
      ...phrases(
        'may',
        more.filter((item) => !isOwners(item)),
      ),
      ...traits.lost.filter(isGuard).map((trait) => `it has no ${trait}`),
      ...traits.new.filter((trait) => !isGuard(trait)).map((trait) => `it is ${trait}`),
    ],
    narrower: [
      ...(both.told ? [] : phrases('may not', less)),
      // Whatever an owner takes from himself he can take back.
      ...phrases('may', more.filter(isOwners)),
      ...traits.lost.filter((trait) => !isGuard(trait)).map((trait) => `it is not ${trait}`),
      ...traits.new.filter(isGuard).map((trait) => `it has ${trait}`),
    ],
  }
}

/** What default privileges are on, by PostgreSQL's letter for it. */
const BY_DEFAULT: Readonly<Record<string, string>> = {
  r: 'tables',
  S: 'sequences',
  f: 'functions',
  T: 'types',
  n: 'schemas',
  L: 'large objects',
}

function nameOf(kind: string, identity: string): string {
  if (kind === 'database') return 'the database'
  if (kind !== 'default privileges') return `${kind} ${identity}`
  const [creator, schema, letter] = JSON.parse(identity) as [string, string | null, string]
  return `${BY_DEFAULT[letter] ?? 'objects'} that ${creator} makes${schema === null ? '' : ` in ${schema}`} from now on`
}

const BORN = 'born '

function isBirth(trait: string): boolean {
  return trait.startsWith(BORN)
}

/** Keys of the rights that a member of an extension was born with; none of what is no member. */
function bornOf(traits: readonly string[]): ReadonlySet<string> {
  return new Set(traits.filter(isBirth).map((trait) => keyOf(parseItem(trait.slice(BORN.length)))))
}

function isGuard(trait: string): boolean {
  return trait !== 'security definer'
}

/** A right that may be given on is the right itself too. An owner may give himself what there is, and MAINTAIN (17 and later) is new. */
function rightsOnlyIn(items: readonly string[], others: readonly string[]): RightItem[] {
  const known = new Set(
    others
      .map(parseItem)
      .flatMap(([privilege, grantee, grantable, column]) => [
        keyOf([privilege, grantee, false, column]),
        keyOf([privilege, grantee, grantable, column]),
      ]),
  )
  return items.map(parseItem).filter((item) => {
    const [privilege, grantee, grantable, column] = item
    if (grantee !== 'o') return !known.has(keyOf(item))
    return privilege !== 'MAINTAIN' && !known.has(keyOf([privilege, grantee, false, column])) && !grantable
  })
}

function keyOf([privilege, grantee, grantable, column]: readonly [
  string,
  string,
  boolean,
  (string | undefined)?,
]): string {
  return JSON.stringify([privilege, grantee, grantable, column ?? null])
}

/** `everybody may SELECT, INSERT; app may UPDATE (a) and give it on`, a phrase for each who is meant. */
function phrases(verb: string, items: readonly RightItem[]): string[] {
  const byGrantee = Map.groupBy(items, ([, grantee]) => grantee)
  return [...byGrantee].map(([grantee, rights]) => {
    const whom = grantee === 'p' ? 'everybody' : grantee === 'o' ? 'its owner' : grantee.slice(1)
    const what = rights.map(([privilege, , grantable, column]) => {
      return `${privilege}${column === undefined ? '' : ` (${column})`}${grantable ? ' and give it on' : ''}`
    })
    return `${whom} ${verb} ${what.join(', ')}`
  })
}

/** A permissive policy shows rows to whom it is for; a restrictive one takes them. */
function policyDifference(both: BothSides): Pick<RightsDifference, 'wider' | 'narrower'> {
  const restrictive = both.actualTraits.includes('restrictive')
  if (both.surplus) {
    return restrictive
      ? { wider: [], narrower: ['the source has no such policy'] }
      : { wider: ['the source has no such policy'], narrower: [] }
  }
  const named = (items: readonly string[] | null) => (items ?? []).map((item) => parseItem(item)[1])
  const [expected, actual] = [named(both.acl), named(both.actualAcl)]
  const more = actual.filter((role) => !expected.includes(role)).map((role) => `it is for ${shown(role)} too`)
  const less = expected.filter((role) => !actual.includes(role)).map((role) => `it is not for ${shown(role)}`)
  const texts = both.traits.some((trait) => trait.startsWith('text '))
  const traits = both.actualTraits.filter((trait) => texts || !trait.startsWith('text '))
  const isSame = traits.length === both.traits.length && traits.every((trait) => both.traits.includes(trait))
  const other = isSame ? [] : ['it says something else than on the source']
  return restrictive ? { wider: [...less, ...other], narrower: more } : { wider: [...more, ...other], narrower: less }
}

function shown(role: string): string {
  return role === 'p' ? 'everybody' : role.slice(1)
}
