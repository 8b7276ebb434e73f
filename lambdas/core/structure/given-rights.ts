import type { Session } from '../postgres/connect.ts'
import { unquoteIdentifier } from '../postgres/identifiers.ts'
import { differenceOf, type RightsDifference } from './compare-rights.ts'
import { itemText, parseItem } from './rights.ts'
import { rightsSql, standardSql } from './rights-sql.ts'

/** Rights on what is there before a migration, and what a destination gives by default. */
export interface GivenRights {
  readonly kind: string
  readonly identity: string
  readonly owner: string | null
  readonly acl: readonly string[] | null
  /** As such an object is born. */
  readonly standard: readonly string[]
}

/** Of schemas, the database and default privileges. One question. */
export function readGivenRights(session: Session): Promise<GivenRights[]> {
  return session.rows<GivenRights>(
    `${rightsSql(session.serverVersion, 'given')}
     SELECT r.kind, r.identity, r.owner, r.acl, ${standardSql('r')} AS standard FROM rights r ORDER BY 1, 2`,
  )
}

export interface GivenChoice {
  readonly sourceAccount: string
  readonly account: string
  /** The account owns the destination's database, and takes from everybody what the source has taken. */
  readonly ownsDatabase: boolean
  /** The database's own rights are migrated. */
  readonly everything: boolean
  isSchemaChosen(name: string): boolean
  isRoleOfSource(name: string): boolean
}

/** What the destination gives beforehand and the source does not, to others than the account. Pure. */
export function givenInExcess(
  source: readonly GivenRights[],
  destination: readonly GivenRights[],
  choice: GivenChoice,
): readonly RightsDifference[] {
  const { account, sourceAccount } = choice
  const known = new Map(source.map((one) => [keyOf(one), one]))
  return destination.flatMap((there): RightsDifference[] => {
    if (!isAsked(there, choice)) return []
    const own = there.kind === 'default privileges' ? creatorOf(there.identity) : null
    // What the source's account gives by default is said for the destination's.
    const here =
      known.get(keyOf(there)) ?? (own === account ? known.get(keyOf(withCreator(there, sourceAccount))) : undefined)
    const expected = here?.acl ?? (here === undefined ? null : here.standard)
    const difference = differenceOf({
      ...there,
      ...{ surplus: false, missing: false, told: true, owner: null, actualOwner: null },
      ...{ columns: null, actualColumns: null, traits: [], actualTraits: [] },
      acl: expected,
      actualAcl: (there.acl ?? there.standard).filter((item) => !isLeftOut(there, parseItem(item)[1], choice)),
    })
    return difference.wider.length === 0 ? [] : [difference]
  })
}

function isAsked({ kind, identity }: GivenRights, choice: GivenChoice): boolean {
  if (kind === 'database') return choice.everything
  if (kind === 'schema') return choice.isSchemaChosen(unquoteIdentifier(identity))
  const creator = creatorOf(identity)
  return creator === choice.account || choice.isRoleOfSource(creator)
}

/** The account needs what it has been given; what everybody has in a schema is another check's matter. */
function isLeftOut({ kind }: GivenRights, grantee: string, { account, ownsDatabase }: GivenChoice): boolean {
  if (kind === 'default privileges') return false
  if (grantee === 'p') return kind === 'schema' || ownsDatabase
  return grantee === `r${account}`
}

function keyOf({ kind, identity }: Pick<GivenRights, 'kind' | 'identity'>): string {
  return `${kind} ${identity}`
}

function creatorOf(identity: string): string {
  return String((JSON.parse(identity) as readonly unknown[])[0])
}

function withCreator({ kind, identity }: GivenRights, creator: string): Pick<GivenRights, 'kind' | 'identity'> {
  const [, ...rest] = JSON.parse(identity) as readonly [string, ...string[]]
  return { kind, identity: itemText([creator, ...rest] as never) }
}
