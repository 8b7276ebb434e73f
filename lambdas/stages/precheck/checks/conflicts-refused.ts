import type { ConflictCode } from '../../../core/existing/judge.ts'
import type { Check } from '../check.ts'
import type { DocumentedCode } from '../check-description.ts'
import { judgedMeetings } from '../facts/meetings.ts'

const PROBLEMS: Readonly<Record<ConflictCode, Omit<DocumentedCode, 'code'>>> = {
  DST_TABLE_DIFFERS: {
    cause:
      'a table that stands on the destination has not the source’s columns: one is missing or of another type, or would stay without a value',
    remedy:
      'change the destination’s table or type as the source has it, or leave the column out in the task ("columns": {"…": {"exclude": true}})',
  },
  DST_TABLE_NOT_WRITABLE: {
    cause:
      'a table that stands on the destination is not the account’s, or its row security is in force for the account',
    remedy: 'GRANT the role that owns it to the destination’s account; ALTER TABLE … NO FORCE ROW LEVEL SECURITY',
  },
  DST_TABLE_TRIGGERS: {
    cause: 'triggers of a table that stands on the destination would fire for the rows that come',
    remedy: 'ALTER TABLE … DISABLE TRIGGER … on the destination for the time of the run, and ENABLE it afterwards',
  },
  DST_TABLE_REFERENCED: {
    cause:
      'a table that is to be emptied or dropped is referred to by another one that is not: PostgreSQL does so with both together only',
    remedy: 'name the other table too, with the same "conflicts", or drop its foreign key on the destination',
  },
  DST_TABLE_NEEDED: {
    cause: 'a table that is to be dropped and made anew is needed by something else on the destination, such as a view',
    remedy:
      'drop what needs it on the destination, and make it again behind the run; or take "truncate" instead of "replace"',
  },
  DST_TABLE_MISSING: {
    cause: 'the task says that its tables stand on the destination ("schema": "existing"), and these do not',
    remedy: 'make them there, exclude them, or let the objects be migrated ("schema": "migrate")',
  },
  DST_TABLE_NOT_EMPTY: {
    cause: 'tables that are to be filled ("schema": "existing") have rows already',
    remedy: 'empty them (TRUNCATE) or say it of each in the task ("conflicts": "truncate"), or exclude them',
  },
  DST_KEYS_IN_A_RING: {
    cause: 'foreign keys of tables that stand on the destination lead in a ring: no order of the rows satisfies them',
    remedy: 'drop one of these foreign keys on the destination, and add it again behind the run',
  },
  DST_TABLE_KEYLESS: {
    cause:
      'rows are to come beside those that stand on the destination ("conflicts": "ignore"), and no key of both ends says which are the same',
    remedy:
      'add the source’s primary key to the destination’s table; or, where its rows may go, say "conflicts": "truncate" of it; or exclude it',
  },
  DST_TABLE_STRICTER: {
    cause:
      'the destination’s table has a unique index or exclusion constraint that the source has not: rows of the source could keep each other out unseen',
    remedy: 'drop it on the destination for the time of the run, or make the same on the source',
  },
  DST_TABLE_DEFERRABLE: {
    cause:
      'PostgreSQL does not let rows be ignored (INSERT … ON CONFLICT) in a table with a unique or exclusion constraint that is DEFERRABLE',
    remedy:
      'on the destination ALTER TABLE … DROP CONSTRAINT …, ADD … without DEFERRABLE, in one statement; the other way round behind the run',
  },
  DST_TABLE_RULES: {
    cause: 'PostgreSQL does not let rows be ignored (INSERT … ON CONFLICT) in a table with rules',
    remedy: 'ALTER TABLE … DISABLE RULE … on the destination for the time of the run, and ENABLE it afterwards',
  },
  DST_TABLE_TORN: {
    cause: 'a partition and its partitioned table are to be met in different ways, and travel together',
    remedy: 'say "conflicts": "ignore" of both, or of neither',
  },
  DST_TEMPORARY_DENIED: {
    cause:
      'rows that come beside others ("conflicts": "ignore") come through temporary tables, and the account may make none in the database',
    remedy: 'GRANT TEMPORARY ON DATABASE … to the destination’s account',
  },
}

/** PlanObjects asks once more. */
export const conflictsRefused: Check = {
  code: 'CONFLICTS_REFUSED',
  side: 'destination',
  level: 'error',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'rows can come into every table that stands there and that the task takes ("conflicts")',
  cause:
    'tables that stand on the destination cannot be met as the task wants it; what PlanObjects finds of the kinds below it tells by this code',
  remedy: 'mend the tables or the task, by what is said of each',
  codes: Object.entries(PROBLEMS).map(([code, words]) => ({ code, ...words })),
  async run(context) {
    const { problems } = await context.fact(judgedMeetings)
    return [...Map.groupBy(problems, ({ code }) => code)].map(([code, group]) => ({
      code,
      cause: PROBLEMS[code].cause,
      remedy: PROBLEMS[code].remedy,
      details: group.map(({ text }) => text),
    }))
  },
}
