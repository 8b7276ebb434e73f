import { LARGE_OBJECTS_TITLE, titleOf } from '../../lambdas/core/ledger/relation.ts'
import type { PlannedStatement } from '../../lambdas/core/ledger/story/planned-statements.ts'
import { quoteIdentifier } from '../../lambdas/core/postgres/identifiers.ts'
import { pinSettings } from '../../lambdas/core/postgres/session-settings.ts'
import { columnsOf, tableOf } from '../../lambdas/core/rows/select.ts'
import { analyzingSql } from '../../lambdas/core/rows/upkeep.ts'
import { isEvaluated } from '../../lambdas/stages/schema/apply/evaluated.ts'
import { splitStatements } from '../../lambdas/stages/schema/plan/statements.ts'
import type { DatabasePlan } from './database-plan.ts'
import { withoutPasswords } from './without-passwords.ts'

const STAGES = {
  create: 'Before the rows: types, functions, tables, views',
  index: 'Behind the rows: keys, indexes, foreign keys, materialized views. Lanes make them side by side',
  link: 'Last: triggers, rules, policies',
  own: 'When all rows are compared: owners',
} as const

/**
 * Every statement about the user's objects that a run makes on the destination, in order, as psql takes it. Rows are told as comments:
 * they come from the source.
 */
export function sqlText(run: string, hash: string, databases: readonly DatabasePlan[]): string {
  return [
    `-- What sampan run makes on the destination for the task ${run}. Plan ${hash}.
-- Beside it the run keeps its ledger in the schema sampan of each database, and a receipt of each statement there.
-- Passwords are left out, as *** or not at all; addresses of subscriptions too.`,
    ...databases.map(databaseText),
  ].join('\n\n')
}

function databaseText({ as, statements, relations, destinationSearchPath, destinationVersion }: DatabasePlan): string {
  const of = (stage: keyof typeof STAGES) => {
    const made = statements.filter((one) => one.stage === stage && one.verdict !== 'skip' && !one.blocked)
    return made.length === 0
      ? []
      : [`-- ${STAGES[stage]}`, ...made.map((one) => statementText(one, destinationSearchPath))]
  }
  const rows = relations.map((relation) => {
    const { destination, format } = relation
    if (titleOf(relation) === LARGE_OBJECTS_TITLE)
      return `-- ${LARGE_OBJECTS_TITLE}, made and filled page by page: statements about them need them`
    return `-- COPY ${oneLine(`${tableOf(destination)} (${columnsOf(destination)})`)} FROM STDIN (FORMAT ${format});`
  })
  const tables = relations.filter((relation) => titleOf(relation) !== LARGE_OBJECTS_TITLE)
  const sequences = statements.filter(
    ({ kind, verdict, blocked }) => kind === 'SEQUENCE' && verdict !== 'skip' && !blocked,
  )
  return [
    `\\connect ${quoteIdentifier(as)}`,
    `${pinSettings('destination', destinationVersion).replaceAll('; ', ';\n')};`,
    ...of('create'),
    '-- The rows, in chunks, each with its receipt in one transaction',
    ...rows,
    ...of('index'),
    ...of('link'),
    `-- ${sequences.length} sequences are set to where they stand on the source by then: SELECT pg_catalog.setval(…)`,
    ...tables.map(({ destination }) => `${analyzingSql(destination)};`),
    ...of('own'),
    '',
  ].join('\n\n')
}

function statementText(statement: PlannedStatement, path: string): string {
  const { kind, schema, name, reason } = statement
  const title = oneLine(`${kind} ${schema === null ? '' : `${schema}.`}${name}`)
  const changed = statement.verdict === 'transform' && reason ? `: ${oneLine(reason)}` : ''
  const sql = withoutPasswords(kind, kind === 'ACL' ? withoutLedger(ownText(statement)) : ownText(statement))
  const set = isEvaluated(kind, statement.sql)
  return [
    `-- ${title}${changed}`,
    ...(set ? [`SET search_path = ${path};`] : []),
    /;\s*$/.test(sql) ? sql.trimEnd() : `${sql.trimEnd()}\n;`,
    ...(set ? [`SET search_path = '';`] : []),
  ].join('\n')
}

/** In two steps where the run takes two; the parts of a partitioned table's key are the ledger's to know. */
function ownText({ sql, buildSql, finishSql }: PlannedStatement): string {
  if (buildSql === null || finishSql === null || CALL.test(buildSql)) return sql
  return `${buildSql};\n${finishSql}`
}

const CALL = /^SELECT sampan\./

/** Behind rights stands the question whether they have taken effect: a function of the ledger, which is no part of the plan. */
function withoutLedger(sql: string): string {
  if (!sql.includes('SELECT sampan.')) return sql
  return splitStatements(sql)
    .filter((statement) => !CALL.test(statement))
    .map((statement) => `${statement};`)
    .join('\n')
}

/** A name may hold a line end, and would end the comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}
