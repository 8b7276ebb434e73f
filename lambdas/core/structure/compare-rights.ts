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

/** One object at both ends; see rights-sql.ts. */
export interface BothSides {
  readonly kind: string
  readonly identity: string
  /** It is there and nobody expects it: a policy, default privileges, rights on a large object. */
  readonly surplus: boolean
  readonly missing: boolean
  /** Rights on it were left out or failed, and that is told already. */
  readonly told: boolean
  readonly owner: string | null
  readonly actualOwner: string | null
  readonly acl: readonly string[] | null
  readonly actualAcl: readonly string[] | null
  readonly columns: readonly string[] | null
  readonly actualColumns: readonly string[] | null
  readonly traits: readonly string[]
  readonly actualTraits: readonly string[]
  /** What such an object of this owner has by itself. */
  readonly standard: readonly string[]
  /** What is there beforehand is given to the account that migrates, too: it needs it. */
  readonly account?: string
}

/**
 * Compares owners, rights, row security and policies of all that the run has made with what its plan comes to, in one question,
 * whatever the number of objects.
 */
export async function compareRights(destination: Session, run: string): Promise<readonly RightsDifference[]> {
  const rows = await destination.rows<BothSides>(comparisonSql(destination.serverVersion), [run])
  return rows.map(differenceOf).filter(({ wider, narrower }) => wider.length + narrower.length > 0)
}

function comparisonSql(version: number): string {
  return `${rightsSql(version)}, made AS (
    SELECT o.id, o.status IN ('migrated', 'transformed') AS made FROM sampan.object o WHERE o.run = $1
  ), untold AS (
    SELECT DISTINCT target.id FROM sampan.object a CROSS JOIN LATERAL pg_catalog.unnest(a.dependencies[1:1]) AS target(id)
     WHERE a.run = $1 AND a.kind = 'ACL' AND a.status NOT IN ('migrated', 'transformed')
  ), wanted AS (
    SELECT e.*, CASE WHEN own.made IS NOT FALSE THEN e.owner END AS whose,
           e.object IN (SELECT u.id FROM untold u) AS told
      FROM sampan.expected_right e LEFT JOIN made m ON m.id = e.object LEFT JOIN made own ON own.id = e.owner_object
     WHERE e.run = $1 AND m.made IS NOT FALSE
  ), mine AS (
    SELECT r.oid FROM rights r JOIN wanted w ON w.kind = r.kind AND w.identity = r.identity WHERE w.kind = 'table'
  )
  SELECT w.kind, w.identity, false AS surplus, r.identity IS NULL AS missing, COALESCE(w.told, false) AS told,
         w.whose AS owner, r.owner AS "actualOwner", w.acl, r.acl AS "actualAcl", w.columns, r.columns AS "actualColumns",
         w.traits, COALESCE(r.traits, '{}') AS "actualTraits",
         ${standardSql('w')} AS standard, CURRENT_USER::text AS account
    FROM wanted w LEFT JOIN rights r ON r.kind = w.kind AND r.identity = w.identity
   WHERE r.identity IS NULL OR w.whose <> r.owner OR w.acl IS DISTINCT FROM r.acl
      OR w.columns IS DISTINCT FROM r.columns OR w.traits IS DISTINCT FROM COALESCE(r.traits, '{}')
  UNION ALL
  SELECT r.kind, r.identity, true, false, false, NULL, r.owner, NULL, r.acl, NULL, NULL, '{}', COALESCE(r.traits, '{}'), ${standardSql('r')}, CURRENT_USER::text
    FROM rights r LEFT JOIN wanted w ON w.kind = r.kind AND w.identity = r.identity
   WHERE w.kind IS NULL AND (
         r.kind = 'policy' AND r.of_table IN (SELECT m.oid FROM mine m)
      OR r.kind = 'large object' AND r.acl IS NOT NULL
         AND EXISTS (SELECT FROM sampan.relation l WHERE l.run = $1 AND l.oid = 0)
      OR r.kind = 'default privileges'
         AND ((r.identity::json) ->> 0 = CURRENT_USER OR (r.identity::json) ->> 0 IN (SELECT w.owner FROM wanted w)))
   ORDER BY 1, 2`
}

/** Pure. */
export function differenceOf(both: BothSides): RightsDifference {
  const { kind, identity } = both
  const what = nameOf(kind, identity)
  const isDefault = kind === 'default privileges'
  // Seal looks for what is gone before it asks for rights (gone.ts).
  if (both.missing && !isDefault) return { what, wider: [], narrower: [] }
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
  const more = rightsOnlyIn(actual, expected).filter((item) => !isAccounts(item))
  const less = rightsOnlyIn(expected, actual)
  const isOwners = ([, grantee]: RightItem) => grantee === 'o'
  const traits = {
    lost: both.traits.filter((trait) => !both.actualTraits.includes(trait)),
    new: both.surplus ? [] : both.actualTraits.filter((trait) => !both.traits.includes(trait)),
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
