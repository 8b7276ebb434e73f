import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artefactKey, artefacts } from '../../../lambdas/core/cloud/artefacts.ts'
import type { ReportEvent, ReportOutput } from '../../../lambdas/core/runtime/event.ts'
import { type FinishReportEvent, handler as finish } from '../../../lambdas/stages/report/finish-handler.ts'
import { handler as report } from '../../../lambdas/stages/report/handler.ts'
import { handler as keepError } from '../../../lambdas/stages/report/keep-error-handler.ts'
import { type Report, reportSchema } from '../../../lambdas/stages/report/model.ts'
import { type Copied, context, copied, ITEMS, RUN, VISITS, validate } from '../validate/migration.ts'

let directory: string
const before = process.env.SAMPAN_ARTEFACTS

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-report-'))
  process.env.SAMPAN_ARTEFACTS = `file://${directory}`
})

afterAll(async () => {
  process.env.SAMPAN_ARTEFACTS = before
  await rm(directory, { recursive: true, force: true })
})

const ROWS = `INSERT INTO items SELECT n, 'note ' || n, n FROM generate_series(1, 100) n; INSERT INTO visits VALUES ('a', 'epoch')`

/** What Report is called with at the end of a migration whose database came to `verdict`. */
function atTheEnd({ event }: Copied, change: Partial<ReportEvent> = {}): ReportEvent {
  const database = event.database?.name ?? ''
  const results = [{ database, verdict: 'done' as const, error: null }]
  return { ...event, database: null, failure: null, refused: false, results, ...change }
}

async function written(name: 'report.json' | 'report.html'): Promise<string> {
  return readFile(join(directory, ...artefactKey({ id: RUN, execution: 'execution-1' }, name).split('/')), 'utf8')
}

async function readWritten(): Promise<Report> {
  return reportSchema.parse(JSON.parse(await written('report.json')))
}

async function leave(name: string, document: unknown): Promise<void> {
  const store = artefacts({ SAMPAN_ARTEFACTS: `file://${directory}` })
  await store.write(
    artefactKey({ id: RUN, execution: 'execution-1' }, name),
    JSON.stringify(document),
    'application/json',
  )
}

const rule = {
  kind: 'security-group-rule',
  region: 'us-east-1',
  group: 'sg-1',
  instance: 'orders',
  ruleId: 'sgr-1',
  cidr: '10.0.0.0/8',
  sourceGroup: null,
  port: 5432,
  purpose: 'dts',
  openedAt: '2026-11-23T01:00:00.000Z',
  expiresAt: '2026-11-24T01:00:00.000Z',
  existedBefore: false,
}
const access = {
  version: 1,
  run: RUN,
  execution: 'execution-1',
  notes: [],
  opened: [rule],
  closed: [],
  open: [rule],
  closedAt: null,
}

describe('the report', () => {
  test('that cannot be written changes nothing in how the run ends: it is decided by what the ledger says', async () => {
    const migration = await copied([ITEMS, VISITS], ROWS)
    await validate(migration.event)
    const unwritten = { kind: 'other', code: 'Runtime.OutOfMemory', message: 'no memory', remedy: 'none' } as const
    const decided = { verdict: 'done', output: { status: 'succeeded', error: null, unwritten } }
    expect(await report(atTheEnd(migration, { unwritten }), context())).toMatchObject(decided)
    await expect(written('report.json')).rejects.toMatchObject({ code: 'ENOENT' })
    await migration.destination.query(`INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, status, error_code)
        SELECT id, 900, 900, 'INDEX', 'public', 'items_n', 'index', 'migrate', 'failed', '23505' FROM sampan.run`)
    expect(await report(atTheEnd(migration, { unwritten }), context())).toMatchObject({
      output: {
        status: 'incomplete',
        error: { code: 'OBJECTS_LEFT_OUT', message: expect.stringContaining('items_n') },
      },
    })
    const failure = { kind: 'other', code: 'BROKEN', message: 'broken', remedy: 'none' } as const
    expect(await report(atTheEnd(migration, { unwritten, failure }), context())).toMatchObject({
      output: { status: 'failed', error: failure },
    })
  })

  test('of a run that went well has every table with its rows, digests and match', async () => {
    const migration = await copied([ITEMS, VISITS], ROWS)
    await validate(migration.event)
    expect((await report(atTheEnd(migration), context())).output).toEqual({ status: 'succeeded', error: null })
    const { status, databases, notes, seconds } = await readWritten()
    expect({ status, notes }).toEqual({ status: 'succeeded', notes: [] })
    expect(seconds).toBeGreaterThan(0)
    expect(databases[0]).toMatchObject({
      name: migration.source.name,
      as: migration.destination.name,
      status: 'succeeded',
      source: { version: '15.18' },
      destination: { encoding: 'UTF8' },
      totals: { tables: 2, rows: 101, tablesEqual: 2, tablesDifferent: 0 },
    })
    const items = databases[0]?.tables[0]
    expect(items).toMatchObject({ name: 'public.items', rows: 100, destinationRows: 100, match: true, attempts: 0 })
    expect(items?.sourceDigest).toMatch(/^-?\d+$/)
    expect(items?.destinationDigest).toBe(items?.sourceDigest)
    expect(databases[0]?.sealedAt).toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  test('names what differs, why objects failed, and what they hold up', async () => {
    const migration = await copied([ITEMS, VISITS], ROWS)
    await migration.destination.query(`
      DELETE FROM items WHERE id = 5;
      INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, reason, status, error_code, error_message, blocked_by) VALUES
        ('${RUN}', 1, 1, 'FUNCTION', 'public', 'f()', 'create', 'migrate', NULL, 'failed', 'DST_SQL_42501', 'permission denied', NULL),
        ('${RUN}', 2, 2, 'VIEW', 'public', 'v', 'create', 'migrate', NULL, 'blocked', NULL, NULL, 1),
        ('${RUN}', 3, 3, 'TABLE', 'public', 't', 'create', 'skip', 'excluded by *.t', 'skipped', NULL, NULL, NULL);
      INSERT INTO sampan.sequence VALUES ('${RUN}', 'public', 's', 9223372036854775807, true, 9223372036854775807, true)`)
    const answer = await validate(migration.event)
    expect(answer.error).toMatchObject({ code: 'OBJECTS_FAILED' })
    expect(answer.error?.message).toContain('VALIDATION_DIFFERS')
    const results = [{ database: migration.source.name, verdict: 'failed' as const, error: answer.error }]
    const output = (await report(atTheEnd(migration, { results }), context())).output
    expect(output).toMatchObject({ status: 'failed', error: { code: 'OBJECTS_FAILED' } })
    const [database] = (await readWritten()).databases
    expect(database?.tables[0]).toMatchObject({ match: false, difference: { missing: 1, surplus: 0, different: 0 } })
    expect(database?.objects).toMatchObject([
      { kind: 'FUNCTION', name: 'public.f()', status: 'failed', error: { code: 'DST_SQL_42501' } },
      { kind: 'VIEW', name: 'public.v', status: 'blocked', reason: 'needs FUNCTION public.f()' },
      { kind: 'TABLE', name: 'public.t', status: 'skipped', reason: 'excluded by *.t' },
    ])
    expect(database?.sequences).toMatchObject([{ name: 'public.s', lastValue: '9223372036854775807', match: true }])
    expect(database?.events.map(({ code }) => code)).toContain('ROWS_DIFFER')
    expect(await written('report.html')).toContain('permission denied')
  })

  test('tells why a database failed, of which the state has the place and the code alone', async () => {
    const migration = await copied([ITEMS], '')
    const place = 0
    const error = { kind: 'other' as const, code: 'SEAL_REFUSED', message: 'it is open', remedy: 'close it' }
    const results = [{ place, verdict: 'failed' as const, code: error.code }]
    const unkept = await report(atTheEnd(migration, { results }), context())
    expect(unkept.output?.error).toMatchObject({
      code: 'SEAL_REFUSED',
      message: expect.stringContaining('not be kept'),
    })
    await keepError({ ...atTheEnd(migration), place, error }, context())
    const answer = await report(atTheEnd(migration, { results }), context())
    expect(answer.output).toEqual({ status: 'failed', error })
    // Whoever caught the failure of the branch did not learn its name.
    await keepError({ ...atTheEnd(migration), place, error: { ...error, code: 'STEP_LOST' } }, context())
    const lost = await report(
      atTheEnd(migration, { results: [{ place, verdict: 'failed', code: 'STEP_LOST' }] }),
      context(),
    )
    expect(lost.output).toEqual({ status: 'failed', error })
    expect((await readWritten()).databases[0]).toMatchObject({ status: 'failed', error: { message: 'it is open' } })
  })

  test('has no secret and no place of one, whatever the task holds', async () => {
    const migration = await copied([ITEMS], '')
    const { task } = migration.event
    const hidden = {
      ...task,
      source: { ...task.source, password: 'Geheim-1', passwordFile: '/geheim-2', secret: 'arn:geheim-3' },
      destination: {
        ...task.destination,
        password: task.destination.password ?? '',
        tls: { mode: 'disable' as const, key: { secret: 'geheim-4' } },
      },
    } as typeof task
    await report(atTheEnd({ ...migration, event: { ...migration.event, task: hidden } }), context())
    const both = (await written('report.json')) + (await written('report.html'))
    expect(both).not.toMatch(/geheim/i)
    expect(both).not.toContain(task.destination.password)
  })

  test('is written although a ledger cannot be reached, says so, and has the step asked again', async () => {
    const migration = await copied([ITEMS], '')
    const endpoints = { source: { host: '127.0.0.1', port: 1 }, destination: { host: '127.0.0.1', port: 1 } }
    const event = atTheEnd(migration)
    const answer = await report({ ...event, endpoints }, context())
    expect(answer).toMatchObject({ verdict: 'retry', window: { kind: 'connection' }, error: { code: 'LEDGER_UNREAD' } })
    const { status, error, notes, databases } = await readWritten()
    expect({ status, code: error?.code }).toEqual({ status: 'failed', code: 'LEDGER_UNREAD' })
    expect(notes).toHaveLength(1)
    expect(notes[0]).toContain('the ledger could not be read')
    expect(databases).toMatchObject([{ status: 'failed', tables: [], totals: { tables: 0 } }])
    // The window is used up: what the ledgers say by then decides, and what they do not say is no success.
    const unwritten = answer.error
    const undecided = await report({ ...event, endpoints, unwritten }, context())
    expect(undecided).toMatchObject({ verdict: 'done', output: { status: 'failed', error: { code: 'LEDGER_UNREAD' } } })
    await validate(migration.event)
    const decided = await report({ ...event, unwritten }, context())
    expect(decided.output).toEqual({ status: 'succeeded', error: null })
    // That report stays as it is, but for how the run has ended.
    const outcome = decided.output as ReportOutput
    await finish({ ...event, endpoints, outcome, closing: null }, context())
    expect(await readWritten()).toMatchObject({
      status: 'succeeded',
      error: null,
      databases: [{ status: 'succeeded' }],
    })
  })

  test('of a run whose ledger was dropped meanwhile is no success, and nobody asks again', async () => {
    const migration = await copied([ITEMS], '')
    await validate(migration.event)
    await migration.destination.query('DROP SCHEMA sampan CASCADE')
    expect(await report(atTheEnd(migration), context())).toMatchObject({
      verdict: 'failed',
      error: { code: 'LEDGER_UNREAD', remedy: expect.stringContaining('dropped the schema sampan') },
    })
  })

  test('of a run that broke before anything was opened is written too', async () => {
    const migration = await copied([ITEMS], '')
    const failure = {
      kind: 'other',
      code: 'RDS_INSTANCE_UNKNOWN',
      message: 'no such instance',
      remedy: 'mend it',
    } as const
    const event = atTheEnd(migration, { failure, results: [], endpoints: null })
    expect((await report(event, context())).output).toEqual({ status: 'failed', error: failure })
    expect(await readWritten()).toMatchObject({
      error: { code: 'RDS_INSTANCE_UNKNOWN' },
      databases: [{ status: 'not-run' }],
    })
  })

  test('of a run that was stopped tells how far it came', async () => {
    const migration = await copied([ITEMS], ROWS.split(';')[0] ?? '')
    const failure = { kind: 'other', code: 'RUN_STOPPED', message: 'stopped', remedy: 'start again' } as const
    await report(atTheEnd(migration, { failure, results: [] }), context())
    expect((await readWritten()).databases).toMatchObject([{ status: 'failed', tables: [{ rows: 100, match: null }] }])
  })

  test('shows the prechecks with their score, and says when that document is broken', async () => {
    const migration = await copied([ITEMS], '')
    const item = {
      code: 'DST_OBJECTS_EXIST',
      side: 'destination',
      database: null,
      level: 'error',
      status: 'failed',
      blocks: true,
      title: 't',
      cause: 'c',
      remedy: 'r',
      details: ['d'],
    }
    await leave('precheck.json', { score: 40, refused: true, items: [item, { ...item, status: 'acknowledged' }] })
    const output = (await report(atTheEnd(migration, { refused: true, results: [] }), context())).output
    expect(output).toMatchObject({
      status: 'refused',
      error: { code: 'PRECHECK_REFUSED', message: 'the precheck refuses this task: DST_OBJECTS_EXIST' },
    })
    expect(await readWritten()).toMatchObject({
      status: 'refused',
      error: null,
      score: 40,
      prechecks: [
        { status: 'found', acknowledged: false },
        { status: 'found', acknowledged: true },
      ],
    })
    await leave('precheck.json', { items: 'none' })
    await report(atTheEnd(migration, { refused: true, results: [] }), context())
    expect((await readWritten()).notes).toEqual(['precheck.json could not be read: it is not of the form expected'])
    await leave('precheck.json', { score: 100, refused: false, items: [] })
  })
})

describe('the finished report', () => {
  const closed = {
    ...access,
    closed: [{ ...rule, closedAt: '2026-11-23T02:00:00.000Z', how: 'revoked' }],
    open: [],
    closedAt: '2026-11-23T02:00:00.000Z',
  }
  const well: ReportOutput = { status: 'succeeded', error: null }
  const broken = {
    kind: 'other',
    code: 'ACCESS_LEFT_OPEN',
    message: 'sgr-1 is still open',
    remedy: 'revoke it',
  } as const

  async function finished(
    change: Partial<FinishReportEvent>,
  ): Promise<{ output: ReportOutput | null; written: Report }> {
    const migration = await copied([ITEMS], '')
    await validate(migration.event)
    await leave('access.json', access)
    const event = atTheEnd(migration)
    await report(event, context())
    expect((await readWritten()).access.open).toHaveLength(1)
    await leave('access.json', change.closing ? access : closed)
    const { output } = await finish({ ...event, outcome: well, closing: null, ...change }, context())
    return { output, written: await readWritten() }
  }

  test('shows that everything is closed again', async () => {
    const { output, written: finishedReport } = await finished({})
    expect(output).toEqual(well)
    expect(finishedReport).toMatchObject({ status: 'succeeded', access: { open: [], closed: [{ ruleId: 'sgr-1' }] } })
    expect(await written('report.html')).toContain('nothing left open')
  })

  test('of a run that leaves a way in open is a failure', async () => {
    const { output, written: finishedReport } = await finished({ closing: broken })
    expect(output).toEqual({ status: 'failed', error: broken })
    expect(finishedReport).toMatchObject({
      status: 'failed',
      error: { code: 'ACCESS_LEFT_OPEN' },
      access: { open: [{ ruleId: 'sgr-1' }] },
    })
  })

  test('keeps the first failure as the run’s error', async () => {
    const first = { kind: 'other', code: 'VALIDATION_DIFFERS', message: 'm', remedy: 'r' } as const
    const { output, written: finishedReport } = await finished({
      outcome: { status: 'failed', error: first },
      closing: broken,
    })
    expect(output?.error).toEqual(first)
    expect(finishedReport.error?.code).toBe('VALIDATION_DIFFERS')
    expect(finishedReport.notes).toEqual(['ACCESS_LEFT_OPEN: sgr-1 is still open. revoke it'])
  })

  test('is made whole where Report could write nothing', async () => {
    const migration = await copied([ITEMS], '')
    await validate(migration.event)
    await rm(join(directory, ...artefactKey({ id: RUN, execution: 'execution-1' }, 'report.json').split('/')), {
      force: true,
    })
    await finish({ ...atTheEnd(migration), outcome: well, closing: null }, context())
    expect((await readWritten()).databases).toMatchObject([{ status: 'succeeded', totals: { tables: 1 } }])
  })

  test('is made anew where the one that was written cannot be read', async () => {
    const migration = await copied([ITEMS], '')
    await validate(migration.event)
    await report(atTheEnd(migration), context())
    await writeFile(
      join(directory, ...artefactKey({ id: RUN, execution: 'execution-1' }, 'report.json').split('/')),
      '{"version": 0}',
    )
    expect((await finish({ ...atTheEnd(migration), outcome: well, closing: null }, context())).output).toEqual(well)
    expect((await readWritten()).version).toBe(1)
  })
})
