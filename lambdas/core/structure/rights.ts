import type { Session } from '../postgres/connect.ts'
import { rightsSql } from './rights-sql.ts'

/** Rights, owner and traits of one object, or of one policy; see rights-sql.ts for what each field holds. */
export interface ObjectRights {
  readonly kind: string
  readonly identity: string
  readonly owner: string | null
  readonly acl: readonly string[] | null
  readonly columns: readonly string[] | null
  readonly traits: readonly string[] | null
}

/** As the source has them, with what they are found by in the archive. */
export interface SourceRights extends ObjectRights {
  readonly catalogue: number
  readonly oid: number
  /** What it came along with by itself, and in which catalogue that is. */
  readonly madeIn: number | null
  readonly madeOf: number | null
}

/** One right: what, whose (`o` the owner's, `p` everybody's, `r…` a role's), whether it may be given on, of which column. */
export type RightItem = readonly [privilege: string, grantee: string, grantable: boolean, column?: string]

export function parseItem(item: string): RightItem {
  return JSON.parse(item) as RightItem
}

/** In PostgreSQL's own form of JSON. */
export function itemText(item: RightItem): string {
  return `[${item.map((part) => JSON.stringify(part)).join(', ')}]`
}

/** One question. @param source in the view that the plan is made in */
export async function readRights(source: Session): Promise<SourceRights[]> {
  return source.rows<SourceRights>(
    `${rightsSql(source.serverVersion, 'all', 'changed')}
     SELECT catalogue, oid, CASE WHEN made_of IS NOT NULL THEN made_in END AS "madeIn", made_of AS "madeOf", kind, identity, owner, acl, columns, traits FROM rights
      -- There may be millions, and most are as the account makes them.
      WHERE kind <> 'large object' OR acl IS NOT NULL OR owner <> CURRENT_USER`,
  )
}
