import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { summaryText } from '../../cli/summary/summary.ts'
import type {
  DatabaseReport,
  ObjectReport,
  PrecheckReport,
  Report,
  TableReport,
} from '../../lambdas/stages/report/model.ts'
import { succeeded, totalsOf } from '../stages/report/samples.ts'

function table(name: string, change: Partial<TableReport> = {}): TableReport {
  return {
    name,
    schema: 'public',
    table: name,
    rows: 1000,
    destinationRows: 1000,
    bytes: 50_000,
    sourceDigest: '12',
    destinationDigest: '12',
    match: true,
    chunks: 1,
    chunksDone: 1,
    attempts: 0,
    lastError: null,
    format: 'binary',
    seconds: 1,
    difference: null,
    ...change,
  }
}

function object(kind: string, name: string, change: Partial<ObjectReport> = {}): ObjectReport {
  return { kind, schema: 'public', name, status: 'migrated', reason: null, error: null, milliseconds: 1, ...change }
}

function database(change: Partial<DatabaseReport> = {}): DatabaseReport {
  const tables = change.tables ?? [table('orders'), table('users')]
  return {
    name: 'shop',
    as: 'shop',
    status: 'succeeded',
    error: null,
    source: { name: 'shop-prod', version: '15.18', encoding: 'UTF8' },
    destination: { name: 'pgm-1', version: '18.4', encoding: 'UTF8' },
    startedAt: null,
    sealedAt: null,
    totals: totalsOf({ tables, objects: change.objects ?? [], sequences: change.sequences ?? [] }),
    steps: [],
    details: null,
    tables,
    objects: [],
    sequences: [],
    events: [],
    ...change,
  }
}

function report(change: Partial<Report> = {}): Report {
  return {
    version: 1,
    status: 'succeeded',
    run: 'shop-move',
    execution: 'shop-move-1',
    task: { acknowledged: [] as string[] } as Report['task'],
    startedAt: '',
    finishedAt: '',
    seconds: 1,
    error: null,
    databases: [database()],
    prechecks: [],
    prechecksLeft: 0,
    score: 100,
    access: { opened: [], closed: [], open: [], notes: [], closedAt: null },
    notes: [],
    ...change,
  }
}

const summary = (change: Partial<Report> = {}) => stripVTControlCharacters(summaryText(report(change), 12_400))

describe('the summary of a run', () => {
  it('says in a few lines what moved and that it is equal', () => {
    const sequence = {
      name: 'public.s',
      lastValue: '7',
      isCalled: true,
      destinationLastValue: '7',
      match: true,
      error: null,
    }
    const objects = [object('TABLE', 'public.orders'), object('VIEW', 'public.v', { status: 'transformed' })]
    expect(summary({ databases: [database({ objects, sequences: [sequence] })] })).toBe(
      `shop  15.18 → 18.4
  rows        2 tables, 2,000 rows, 100 kB
  objects     1 migrated, 1 transformed
  sequences   1 of 1 set as on the source
  compared    equal: every row of 2 tables
Succeeded in 12 s`,
    )
  })

  it('tells of whose values "equal" does not speak', () => {
    const tables = [table('public.orders', { notCompared: ['shape', 'place.at'] }), table('public.users')]
    expect(summary({ databases: [database({ tables })] })).toContain(
      '  compared    equal: every row of 2 tables, but not the values of 2 columns: public.orders.shape, public.orders.place.at\n',
    )
  })

  it('tells why objects were not migrated, a shared reason once', () => {
    const error = { code: 'DST_DDL_REFUSED', message: 'type "geometry" does not exist' }
    const objects = [
      object('TABLE', 'public.places', { status: 'failed', error }),
      ...['a', 'b', 'c', 'd'].map((name) =>
        object('INDEX', `public.${name}`, { status: 'blocked', reason: 'table public.places failed' }),
      ),
    ]
    expect(summary({ databases: [database({ objects })] })).toContain(`  objects     1 failed, 4 blocked
              failed  table public.places: DST_DDL_REFUSED: type "geometry" does not exist
              blocked  index public.a, index public.b, index public.c and 1 more: table public.places failed`)
  })

  it('tells of constraints that rows do not hold, with the statement for each', () => {
    const reason = 'NOT VALID: rows do not hold it (23503); when they are mended: ALTER TABLE a VALIDATE CONSTRAINT b'
    const objects = [
      object('FK CONSTRAINT', 'public.a b', { status: 'transformed', reason }),
      object('VIEW', 'public.v', { status: 'transformed', reason: 'renamed' }),
    ]
    expect(summary({ databases: [database({ objects })] })).toContain(`  objects     2 transformed
              fk constraint public.a b: ${reason}
  compared`)
  })

  it('has the remedy of each code that ended the run', () => {
    const besides = [{ code: 'SEQUENCES_DIFFER', message: '1 sequence stands elsewhere', remedy: 'set it' }]
    const error = { code: 'VALIDATION_DIFFERS', message: '1 table differs', remedy: 'mend it', besides }
    expect(
      summary({ databases: [database({ status: 'failed', error })], status: 'failed', error }),
    ).toContain(`VALIDATION_DIFFERS  1 table differs
                    mend it
SEQUENCES_DIFFER  1 sequence stands elsewhere
                  set it
Failed`)
  })

  it('names the tables that differ, and those that were not compared', () => {
    const tables = [table('orders', { match: false }), table('users', { match: null })]
    expect(summary({ databases: [database({ tables })], status: 'failed' })).toContain(
      '  compared    1 table DIFFER: orders, 1 table not compared',
    )
  })

  it('says what was opened and that it is closed, or that it is not', () => {
    const [rule] = succeeded.access.closed
    const entry = succeeded.access.closed.at(-1)
    if (rule === undefined || entry === undefined) throw new Error('the sample has a rule and a whitelist entry')
    const access = { opened: [rule, rule, entry], closed: [rule, rule, entry], open: [], notes: [], closedAt: null }
    expect(summary({ access })).toContain(`access
  opened      2 × security-group-rule, 1 × whitelist-entry
  closed      3 of 3, nothing left open`)
    const left = { ...access, closed: [rule], open: [rule, entry] }
    expect(summary({ access: left })).toContain('closed      1 of 3, 2 STILL OPEN')
  })

  it('of a refused run is the checks that refuse, with their remedies', () => {
    const check: PrecheckReport = {
      code: 'SRC_RIGHTS_MISSING',
      title: 'Rights on the source',
      level: 'error',
      status: 'found',
      database: 'shop',
      side: 'source',
      cause: 'reader may not read 1 table',
      remedy: 'GRANT SELECT ON public.orders TO reader',
      details: ['public.orders'],
      acknowledged: false,
      blocks: true,
    }
    const text = summary({ status: 'refused', databases: [], prechecks: [check], score: 60 })
    expect(text).toBe(`SRC_RIGHTS_MISSING  shop: reader may not read 1 table
                    public.orders
                    GRANT SELECT ON public.orders TO reader
precheck score 60 of 100
Refused by the precheck, nothing was copied, in 12 s`)
  })

  it('of a run refused for warnings only tells each of them, and the line that accepts them', () => {
    const check = (code: string, more: Partial<PrecheckReport> = {}): PrecheckReport => ({
      ...{ code, title: 't', level: 'warning', status: 'found', database: null, side: 'source', details: [] },
      ...{ cause: `cause of ${code}`, remedy: `remedy of ${code}`, acknowledged: false, blocks: true },
      ...more,
    })
    const accepted = check('ALREADY', { acknowledged: true, blocks: false })
    const warnings = [check('C_FUNCTIONS'), accepted, check('COLLATION_DIFFERS')]
    const text = summary({ status: 'refused', databases: [], prechecks: warnings, score: 90 })
    expect(text).toContain('C_FUNCTIONS  cause of C_FUNCTIONS\n             remedy of C_FUNCTIONS')
    expect(text).toContain('COLLATION_DIFFERS  cause of COLLATION_DIFFERS')
    expect(text).not.toContain('cause of ALREADY')
    expect(text).toContain(`The warnings can be accepted in the task:
  "precheck": {"acknowledge": ["ALREADY", "COLLATION_DIFFERS", "C_FUNCTIONS"]}`)
    const error = check('SRC_RIGHTS_MISSING', { level: 'error' })
    const both = summary({ status: 'refused', databases: [], prechecks: [...warnings, error], score: 80 })
    expect(both.indexOf('SRC_RIGHTS_MISSING')).toBeLessThan(both.indexOf('C_FUNCTIONS'))
    expect(both).toContain('When the errors are mended, the warnings can be accepted in the task:')
    // A check that broke stands in the way as its finding would.
    const broken = check('SRC_TABLES_LOCKED', { level: 'error', status: 'not-run' })
    expect(summary({ status: 'refused', databases: [], prechecks: [broken], score: 80 })).toContain('SRC_TABLES_LOCKED')
  })

  it('of a run that went on without objects says so in its verdict, the tables first', () => {
    const made = { reason: null, error: null, milliseconds: 1, schema: 'public' }
    const objects = [
      { ...made, kind: 'VIEW', name: 'public.v', status: 'blocked' as const, reason: 'needs table public.orders' },
      { ...made, kind: 'TABLE', name: 'public.orders', status: 'failed' as const },
      { ...made, kind: 'TABLE', name: 'public.users', status: 'migrated' as const },
      // The view itself has arrived.
      { ...made, kind: 'MATERIALIZED VIEW DATA', name: 'public.totals', status: 'failed' as const },
    ]
    const tables = [table('public.orders', { bytes: 4_000_000, chunksDone: 0 })]
    const text = summary({ status: 'incomplete', databases: [database({ objects, tables })] })
    expect(text).toMatch(
      /3 objects did not arrive\n +table public.orders, with about 4.00 MB of rows\n +the rows of materialized view public.totals\n +view public.v\nSucceeded in part in 12 s$/,
    )
  })

  it('tells of chosen tables that went with what the account may not make', () => {
    const reason = 'it needs server far, which the destination’s account may not make'
    const object = {
      schema: 'public',
      kind: 'FOREIGN TABLE',
      name: 'public.far_away',
      status: 'skipped' as const,
      reason,
    }
    const databases = [database({ objects: [{ ...object, error: null, milliseconds: null }] })]
    const acknowledged = (codes: string[]) => summary({ databases, task: { ...report({}).task, acknowledged: codes } })
    expect(acknowledged(['DST_PRIVILEGED_OBJECTS'])).toContain(
      '1 chosen object was left out, as acknowledged: public.far_away',
    )
    expect(acknowledged([])).not.toContain('left out')
  })

  it('of several databases says at its end which failed', () => {
    const databases = [database({ name: 'a' }), database({ name: 'b', status: 'failed' }), database({ name: 'c' })]
    expect(summary({ databases, status: 'failed' })).toMatch(/Failed in 12 s: 1 of 3 databases, b$/)
    expect(summary({ databases: [database({ status: 'failed' })], status: 'failed' })).toMatch(/Failed in 12 s$/)
  })

  it('says of a database that was complete before that nothing was written', () => {
    const sealed = report({ databases: [database({ sealedAt: '2026-11-23T10:00:07.000Z' })] })
    const text = (untouched: readonly string[]) => stripVTControlCharacters(summaryText(sealed, 400, untouched))
    expect(text(['shop'])).toContain('complete    since 2026-11-23 10:00:07 UTC: nothing was written now')
    expect(text([])).not.toContain('complete')
  })

  it('does not take an estimate for what was copied', () => {
    const tables = [table('orders'), table('users', { rows: null, chunksDone: 0, match: null, bytes: 40_000 })]
    expect(summary({ databases: [database({ tables })], status: 'failed' })).toContain('50.0 kB of about 90.0 kB')
  })

  it('of a stopped run says so', () => {
    const error = { code: 'RUN_STOPPED', message: '', remedy: '' }
    expect(summary({ status: 'failed', error })).toContain('Stopped in 12 s')
  })
})
