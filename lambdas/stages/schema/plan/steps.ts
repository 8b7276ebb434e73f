import { PROMISED_SINCE } from '../../../core/filter/keys.ts'
import { beginKeySql } from '../../../core/ledger/calls.ts'
import { unquoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { splitStatements } from './statements.ts'

/** An object made by two statements instead of one, each in a transaction of its own. */
export interface Steps {
  readonly buildSql: string
  readonly finishSql: string
}

/** The fixed form in which pg_dump writes names and keys; what has another form is made by its own text. */
const NAME = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)'
const TABLE = `${NAME}\\.${NAME}`
const COLUMNS = `${NAME}(?:, ${NAME})*`
const ADD = `ALTER TABLE ONLY (?<table>${TABLE})\\s+ADD CONSTRAINT (?<name>${NAME})`

const WORKS_ON = new RegExp(`^\\s*ALTER TABLE (?:ONLY )?(?<table>${TABLE})\\s+ADD CONSTRAINT `)
const KEY = new RegExp(
  `^${ADD} (?<kind>PRIMARY KEY|UNIQUE)(?<nulls> NULLS NOT DISTINCT)? \\((?<columns>${COLUMNS})\\)` +
    `(?<included> INCLUDE \\(${COLUMNS}\\))?(?<storage> WITH \\((?:[^()']|'[^']*')*\\))?` +
    '(?<deferral> DEFERRABLE(?: INITIALLY DEFERRED)?)?$',
)
const FOREIGN_KEY = new RegExp(`^${ADD} FOREIGN KEY \\(.*$`, 's')
const PARTITIONED_KEY = new RegExp(
  `^ALTER TABLE (?<table>${TABLE})\\s+ADD CONSTRAINT (?<name>${NAME}) (?<definition>FOREIGN KEY \\(.*)$`,
  's',
)
const KEY_PAIR = new RegExp(`FOREIGN KEY \\(${COLUMNS}\\) REFERENCES ${TABLE}\\(${COLUMNS}\\)`)
const UNCHECKED = /\) ?(?:[A-Z ]+ )?NOT (VALID|ENFORCED)$/

const CONSTRAINT = new RegExp(
  `^\\s*ALTER (?<kind>TABLE|DOMAIN) (?<only>ONLY )?(?<of>${TABLE})\\s+(?<what>ADD|VALIDATE) CONSTRAINT (?<name>${NAME})`,
)

/** A constraint as the statement that adds or validates it names it. */
interface NamedConstraint {
  readonly kind: 'TABLE' | 'DOMAIN'
  /** The table or domain, as it is written there. */
  readonly of: string
  /** Without quotes. */
  readonly name: string
  /** Written without ONLY: of a foreign key it says that its table is partitioned. */
  readonly withPartitions: boolean
  /** It is there, and only to be validated. */
  readonly made: boolean
}

/** Null where the statement has another form. */
export function constraintOf(sql: string): NamedConstraint | null {
  const { kind, only, of, what, name } = CONSTRAINT.exec(sql)?.groups ?? {}
  if (of === undefined || name === undefined) return null
  const rest = { of, name: unquoteIdentifier(name), withPartitions: only === undefined, made: what === 'VALIDATE' }
  return { kind: kind === 'DOMAIN' ? kind : 'TABLE', ...rest }
}

/** The table that a constraint is added to, as it stands in the statement; null where the statement has another form. */
export function tableOf(sql: string): string | null {
  return WORKS_ON.exec(sql)?.groups?.table ?? null
}

/**
 * A primary or unique key as the building of its index and the taking over of that index. ADD PRIMARY KEY locks the table
 * against everybody for the whole time; CREATE UNIQUE INDEX goes on beside the table's other indexes. The second step
 * cannot be in the first one's transaction: two lanes that both want more of the table's lock would wait for each other.
 * The same goes for an index that is followed by CLUSTER ON or REPLICA IDENTITY.
 */
export function indexSteps(kind: string, sql: string): Steps | null {
  const [first, ...rest] = splitStatements(sql)
  if (first === undefined) return null
  if (kind === 'INDEX') {
    return rest.length > 0 && /^CREATE (UNIQUE )?INDEX /.test(first)
      ? { buildSql: first, finishSql: rest.join(';\n') }
      : null
  }
  const key = KEY.exec(first)?.groups
  if (!key) return null
  const { table, name, columns, included = '', nulls = '', storage = '', deferral = '' } = key
  return {
    buildSql: `CREATE UNIQUE INDEX ${name} ON ${table} USING btree (${columns})${included}${nulls}${storage}`,
    finishSql: [
      `ALTER TABLE ONLY ${table} ADD CONSTRAINT ${name} ${key.kind} USING INDEX ${name}${deferral}`,
      ...rest,
    ].join(';\n'),
  }
}

/**
 * A foreign key as NOT VALID, which locks both tables for a moment, and its validation, which locks out nobody who reads
 * or writes and can go on beside others'. One of a partitioned table is written without ONLY, and is none of these; one that
 * is NOT VALID on the source stays so.
 */
export function foreignKeySteps(sql: string): Steps | null {
  const [first, ...rest] = splitStatements(sql)
  if (first === undefined || rest.length > 0 || UNCHECKED.test(first)) return null
  const key = FOREIGN_KEY.exec(first)?.groups
  if (!key) return null
  return {
    buildSql: `${first} NOT VALID`,
    finishSql: `ALTER TABLE ONLY ${key.table} VALIDATE CONSTRAINT ${key.name}`,
  }
}

/**
 * The foreign key of a partitioned table: a promise, which also writes down what is to be validated in parts
 * (`beginKeySql`), and what is left when all parts are: the key itself, or, from 18 on, its validation. Neither reads a row.
 */
export function partitionedKey(
  sql: string,
  {
    run,
    object,
    version,
    small,
  }: { readonly run: string; readonly object: number; readonly version: number; readonly small: number },
): Steps | null {
  const [first, ...rest] = splitStatements(sql)
  if (first === undefined || rest.length > 0 || UNCHECKED.test(first)) return null
  const { table, name, definition } = PARTITIONED_KEY.exec(first)?.groups ?? {}
  if (table === undefined || name === undefined || definition === undefined) return null
  return {
    buildSql: beginKeySql(run, object, { table, name, definition }, small),
    finishSql: version >= PROMISED_SINCE ? `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}` : first,
  }
}

/** Whether two foreign keys are of the same columns, and reference the same ones. Unknown forms are taken for the same. */
export function sameKey(one: string, other: string): boolean {
  const [first, second] = [one, other].map((sql) => KEY_PAIR.exec(sql)?.[0])
  return first === second || first === undefined || second === undefined
}
