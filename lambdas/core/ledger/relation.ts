import type { Side } from '../postgres/errors.ts'

/** The relation row that stands for all large objects of the database. */
export const LARGE_OBJECTS_OID = 0

/** What the relation that stands for all large objects is called. */
export const LARGE_OBJECTS_TITLE = 'large objects'

/**
 * A relation as one of the two servers has it: what a statement sent to that server may name. The ends are types of their own, so that
 * a statement for one of them cannot be made of the other's names.
 */
export interface RelationAt<End extends Side> {
  readonly side: End
  readonly schema: string
  readonly name: string
  /** In the order in which values travel, the same at both ends; without generated columns. */
  readonly columns: readonly string[]
  /**
   * Which of its rows are migrated and compared, as an SQL condition in this end's names; `null`: all of them. A filter of the task is
   * the source's alone.
   */
  readonly where: string | null
  /** The SQL expression that hashes one row to an int8, the same number at both ends; `null` where rows are not compared. */
  readonly digestSql: string | null
  /** A partitioned table that travels through its root, with all its partitions. */
  readonly tree: boolean
}

export interface RelationAtSource extends RelationAt<'source'> {
  /** What is read in place of a column, as SQL of the destination's type, by the column's place; `null` for the column itself. */
  readonly expressions: readonly (string | null)[]
}
export type RelationAtDestination = RelationAt<'destination'>
/** A relation at either end: for statements that are the same for both. */
export type RelationAtEnd = RelationAtSource | RelationAtDestination

/** A column of the key by which rows that come and rows that stand there are the same. */
export interface BesideColumn {
  /** The destination’s. */
  readonly column: string
  /** The operator by which the key’s index finds values equal, as SQL. */
  readonly equals: string
}

/** A relation whose rows are copied, at both ends, and what is true of it wherever it is. */
export interface Relation {
  /** The source's. */
  readonly oid: number
  readonly source: RelationAtSource
  readonly destination: RelationAtDestination
  /** It stood on the destination before the run. @default false */
  readonly kept?: boolean
  /** Its table could not be made, and the task goes on without it. @default false */
  readonly absent?: boolean
  /** The key of a table whose rows stay, and beside which the source’s come; null: they come straight. @default null */
  readonly beside?: readonly BesideColumn[] | null
  /** Columns of the source that stay behind. @default none */
  readonly excluded?: readonly string[]
  /** `format_type` of each column on the source. */
  readonly types: readonly string[]
  readonly format: 'binary' | 'text'
  readonly hasKey: boolean
  /** On the source: its rows' and its TOAST's file. */
  readonly bytes: number
  /** Pages of the main fork on the source. */
  readonly pages: number
  /**
   * Oids of relations whose rows must be there first: foreign keys stand already. Itself among them where its rows refer to each other: then it
   * travels whole.
   */
  readonly behind: readonly number[]
  /** Tables of the source that its filter reads beside it. @default none */
  readonly reads?: readonly TableRead[]
}

/** A table of the source that another one's filter reads: it must be that of the view, too. */
export interface TableRead {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** In attnum order, without generated ones. */
  readonly columns: readonly string[]
  /** It is partitioned: its partitions are read. */
  readonly tree: boolean
}

/** Large objects are rows of another kind: they have ids, and no table of their own. */
export function isLargeObjects({ oid }: Pick<Relation, 'oid'>): boolean {
  return oid === LARGE_OBJECTS_OID
}

/** How a relation is named to people: as on the source. */
export function titleOf({ oid, source }: Pick<Relation, 'oid' | 'source'>): string {
  return relationTitle({ oid, schema: source.schema, name: source.name })
}

/** The same of the names alone. */
export function relationTitle(relation: {
  readonly oid: number
  readonly schema: string
  readonly name: string
}): string {
  return isLargeObjects(relation) ? LARGE_OBJECTS_TITLE : `${relation.schema}.${relation.name}`
}
