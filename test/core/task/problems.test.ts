import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { taskExample } from '../../../lambdas/core/task/example.ts'
import { formatProblem, readTask } from '../../../lambdas/core/task/problems.ts'
import { anyTask, smallTask } from './tasks.ts'

/** What is wrong, as `CODE path`. */
function problemsOf(input: unknown): string[] {
  return readTask(input).problems.map((problem) => `${problem.code} ${problem.path}`)
}

describe('a valid task', () => {
  it('gets every default', () => {
    expect(readTask(smallTask()).task).toEqual({
      name: 'small',
      mode: 'migrate',
      source: {
        host: 'source.example',
        port: 5432,
        user: 'reader',
        secret: 'env:SOURCE_PASSWORD',
        authentication: 'password',
        tls: { mode: 'verify-full' },
      },
      destination: {
        host: 'destination.example',
        port: 5432,
        user: 'writer',
        secret: 'env:DESTINATION_PASSWORD',
        tls: { mode: 'verify-full' },
      },
      databases: [{ name: 'shop', as: 'shop', include: ['*.*'], exclude: [] }],
      conflicts: 'report',
      onObjectError: 'fail',
      format: 'auto',
      onDatabaseError: 'continue',
      lanes: 4,
      mostLanes: 16,
      chunkMegabytes: 256,
      throttle: { queriesPerSecond: null, rowsPerSecond: null, megabytesPerSecond: null, automatic: null },
      retry: { connectionMinutes: 720, otherMinutes: 10 },
      validation: { mode: 'full' },
      access: { dtsCidrs: 'auto', whitelistAddresses: [] },
      precheck: { acknowledge: [] },
    })
  })

  it('trusts Amazon’s authority for an RDS instance and nobody else’s word for it', () => {
    const source = { rdsInstance: 'orders-prod', secret: 'orders' }
    expect(readTask({ ...smallTask(), source }).task?.source.tls).toEqual({ mode: 'verify-full', ca: 'rds' })
    const own = { ...source, tls: { ca: { file: '/ca.pem' } } }
    expect(readTask({ ...smallTask(), source: own }).task?.source.tls.ca).toEqual({ file: '/ca.pem' })
  })

  it('is the example we show', () => {
    expect(problemsOf(taskExample)).toEqual([])
  })

  it('survives, whatever it asks for', () => {
    fc.assert(
      fc.property(anyTask, (task) => {
        expect(problemsOf(task)).toEqual([])
      }),
    )
  })

  it('read again with its defaults is the same task', () => {
    fc.assert(
      fc.property(anyTask, (input) => {
        const { task } = readTask(input)
        expect(readTask(task).task).toEqual(task)
      }),
    )
  })
})

describe('a wrong task', () => {
  const cases: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
    ['a name that is no run name', { name: 'Orders!' }, ['TASK_NAME name']],
    ['a mode that does not exist', { mode: 'migrat' }, ['TASK_CHOICE mode']],
    ['no databases', { databases: [] }, ['TASK_RANGE databases']],
    ['a database twice', { databases: [{ name: 'a' }, { name: 'a' }] }, ['TASK_DATABASE_TWICE databases[1].name']],
    [
      'two databases into one',
      {
        databases: [
          { name: 'a', as: 'c' },
          { name: 'b', as: 'c' },
        ],
      },
      ['TASK_DESTINATION_TWICE databases[1].as'],
    ],
    [
      'a name longer than PostgreSQL keeps',
      { databases: [{ name: 'ü'.repeat(32) }] },
      ['TASK_DATABASE_NAME databases[0].name'],
    ],
    [
      'patterns without a schema',
      { databases: [{ name: 'a', include: ['orders', 'a.b.c', '"a.b'], exclude: ['.x'] }] },
      [
        'TASK_TABLE_PATTERN databases[0].include[0]',
        'TASK_TABLE_PATTERN databases[0].include[1]',
        'TASK_TABLE_PATTERN databases[0].include[2]',
        'TASK_TABLE_PATTERN databases[0].exclude[0]',
      ],
    ],
    [
      'tables without a schema, conditions that are none, and options nobody knows',
      {
        databases: [
          {
            name: 'a',
            tables: {
              orders: { where: 'a > 1' },
              'b.c': { where: ' ' },
              'b.d': { were: 'a' },
              'b.e': 'a > 1',
              'b.f': {},
              'b.g': { columns: {} },
              'b.i': { keys: { a: 'drop' } },
              'b.h': { columns: { a: { expression: ' ' }, b: {} } },
            },
          },
        ],
      },
      [
        'TASK_CONDITION databases[0].tables["b.c"].where',
        'TASK_UNKNOWN_FIELD databases[0].tables["b.d"].were',
        'TASK_TABLE_OPTIONS databases[0].tables["b.d"]',
        'TASK_TYPE databases[0].tables["b.e"]',
        'TASK_TABLE_OPTIONS databases[0].tables["b.f"]',
        'TASK_TABLE_OPTIONS databases[0].tables["b.g"]',
        'TASK_CHOICE databases[0].tables["b.i"].keys.a',
        'TASK_EXPRESSION databases[0].tables["b.h"].columns.a.expression',
        'TASK_COLUMN_OPTIONS databases[0].tables["b.h"].columns.b',
        'TASK_TABLE_PATTERN databases[0].tables.orders',
      ],
    ],
    [
      'new names that are none, or too long, a policy nobody knows, and two databases that it brings together',
      {
        databases: [
          {
            name: 'Shop',
            names: { case: 'lower', schemas: { a: 'ü'.repeat(32), b: '' } },
            tables: { 'b.c': { as: 'a.b.c' }, 'b.d': { columns: { x: { as: 'x'.repeat(64) }, y: {} } } },
          },
          { name: 'shop' },
          { name: 'other', names: { case: 'LOWER' } },
        ],
      },
      [
        'TASK_OBJECT_NAME databases[0].names.schemas.a',
        'TASK_OBJECT_NAME databases[0].names.schemas.b',
        'TASK_OBJECT_NAME databases[0].tables["b.c"].as',
        'TASK_OBJECT_NAME databases[0].tables["b.d"].columns.x.as',
        'TASK_COLUMN_OPTIONS databases[0].tables["b.d"].columns.y',
        'TASK_CHOICE databases[2].names.case',
        'TASK_DESTINATION_TWICE databases[1].as',
      ],
    ],
    [
      'objects that are excluded by what is no kind, by a place that the kind has not, or by a field nobody knows',
      {
        databases: [
          {
            name: 'a',
            exclude: [
              { kind: 'PUBLICATIONS' },
              { kind: 'PUBLICATION', schema: 'public' },
              { kind: 'FUNCTION', table: 'orders' },
              { kind: 'LARGE OBJECTS', name: '1*' },
              { kind: 'TRIGGER', tables: 'orders' },
              { name: 'x' },
            ],
          },
        ],
      },
      [
        'TASK_CHOICE databases[0].exclude[0].kind',
        'TASK_OBJECT_PLACE databases[0].exclude[1].schema',
        'TASK_OBJECT_PLACE databases[0].exclude[2].table',
        'TASK_OBJECT_PLACE databases[0].exclude[3].name',
        'TASK_UNKNOWN_FIELD databases[0].exclude[4].tables',
        'TASK_CHOICE databases[0].exclude[5].kind',
      ],
    ],
    ['a number in quotes', { lanes: '4' }, ['TASK_TYPE lanes']],
    ['half a lane', { lanes: 4.5 }, ['TASK_TYPE lanes']],
    ['too many lanes', { lanes: 65 }, ['TASK_RANGE lanes']],
    ['lanes in a word that is none', { lanes: 'automatic' }, ['TASK_TYPE lanes']],
    ['too many lanes to count', { lanes: 'auto', mostLanes: 65 }, ['TASK_RANGE mostLanes']],
    ['an automatic mode without target', { throttle: { automatic: {} } }, ['TASK_AUTOMATIC_EMPTY throttle.automatic']],
    [
      'a CPU that nobody can read',
      { throttle: { automatic: { sourceCpuPercent: 60 } } },
      ['TASK_AUTOMATIC_CPU throttle.automatic.sourceCpuPercent'],
    ],
    [
      'a latency of minutes',
      { throttle: { automatic: { sourceLatencyMilliseconds: 60_000 } } },
      ['TASK_RANGE throttle.automatic.sourceLatencyMilliseconds'],
    ],
    [
      'windows the wrong way round',
      { retry: { connectionMinutes: 10, otherMinutes: 10 } },
      ['TASK_RETRY_WINDOWS retry.otherMinutes'],
    ],
    [
      'a window longer than the default of the other',
      { retry: { otherMinutes: 900 } },
      ['TASK_RETRY_WINDOWS retry.otherMinutes'],
    ],
    [
      'blocks that are none',
      { access: { dtsCidrs: ['1.2.3.4', '1.2.3.0/33'] } },
      ['TASK_CIDR access.dtsCidrs[0]', 'TASK_CIDR access.dtsCidrs[1]'],
    ],
    [
      'the whole Internet',
      { access: { dtsCidrs: ['0.0.0.0/0', '::/0'] } },
      ['TASK_CIDR_TOO_WIDE access.dtsCidrs[0]', 'TASK_CIDR_TOO_WIDE access.dtsCidrs[1]'],
    ],
    [
      'the whole Internet in halves, and approval of it',
      {
        access: { dtsCidrs: ['0.0.0.0/1', '128.0.0.0/1'], whitelistAddresses: ['::/1', '8000::/1'] },
        precheck: { acknowledge: ['ACCESS_BLOCK_BROAD'] },
      },
      ['TASK_CIDR_TOO_WIDE access.dtsCidrs', 'TASK_CIDR_TOO_WIDE access.whitelistAddresses'],
    ],
    [
      'the whole Internet in the whitelist',
      { access: { whitelistAddresses: ['0.0.0.0/0'] } },
      ['TASK_WHITELIST_ADDRESS access.whitelistAddresses[0]'],
    ],
    [
      'roles that are nobody’s to map, or none',
      { roles: { pg_monitor: 'a', app: 'rds_superuser', public: 'a', batch: '', '*': 'drop' } },
      [
        'TASK_ROLE roles.batch',
        'TASK_ROLE_RESERVED roles.pg_monitor',
        'TASK_ROLE_RESERVED roles.app',
        'TASK_ROLE_RESERVED roles.public',
      ],
    ],
    ['a field from nowhere', { retries: {} }, ['TASK_UNKNOWN_FIELD retries']],
    ['a check code that is none', { precheck: { acknowledge: ['dst'] } }, ['TASK_CHECK_CODE precheck.acknowledge[0]']],
  ]
  it.each(cases)('with %s is told so', (_, change, expected) => {
    expect(problemsOf({ ...smallTask(), ...change })).toEqual(expected)
  })

  const sides: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
    ['names no server', { secret: 'x' }, ['TASK_ENDPOINT_MISSING destination']],
    [
      'names two servers',
      { host: 'a', apsaraInstance: 'pgm-1', region: 'ap-southeast-1', secret: 'x' },
      ['TASK_ENDPOINT_AMBIGUOUS destination.host'],
    ],
    [
      'has an instance without region',
      { apsaraInstance: 'pgm-1', secret: 'x' },
      ['TASK_REGION_MISSING destination.region'],
    ],
    ['gives no password', { host: 'a', user: 'u' }, ['TASK_PASSWORD_MISSING destination']],
    [
      'gives two passwords',
      { host: 'a', user: 'u', password: 'p', secret: 's' },
      ['TASK_PASSWORD_AMBIGUOUS destination.password'],
    ],
    ['gives a password and no user', { host: 'a', password: 'p' }, ['TASK_USER_MISSING destination.user']],
    ['holds a URL for a host', { host: 'postgres://u:p@h/db', secret: 's' }, ['TASK_HOST destination.host']],
    ['holds a port in its host', { host: 'h:5432', secret: 's' }, ['TASK_HOST destination.host']],
    [
      'has a secret that is no reference',
      { host: 'a', secret: 'env:1 2' },
      ['TASK_SECRET_REFERENCE destination.secret'],
    ],
    [
      'has a certificate without key',
      { host: 'a', secret: 's', tls: { certificate: { file: 'c' } } },
      ['TASK_CERTIFICATE_WITHOUT_KEY destination.tls.key'],
    ],
    [
      'has a key without certificate',
      { host: 'a', secret: 's', tls: { key: { file: 'k' } } },
      ['TASK_KEY_WITHOUT_CERTIFICATE destination.tls.certificate'],
    ],
    [
      'has a key password without key',
      { host: 'a', secret: 's', tls: { keyPassword: { file: 'k' } } },
      ['TASK_KEY_PASSWORD_WITHOUT_KEY destination.tls.keyPassword'],
    ],
    [
      'has an authority of no known form',
      { host: 'a', secret: 's', tls: { ca: { file: 'a', secret: 'b' } } },
      ['TASK_TYPE destination.tls.ca'],
    ],
  ]
  it.each(sides)('whose destination %s is told so', (_, destination, expected) => {
    expect(problemsOf({ ...smallTask(), destination })).toEqual(expected)
  })

  it('would copy a database into itself', () => {
    const { source } = smallTask()
    expect(problemsOf({ ...smallTask(), destination: source })).toEqual(['TASK_SAME_DATABASE databases[0].as'])
    expect(problemsOf({ ...smallTask(), destination: { ...source, port: 5433 } })).toEqual([])
    expect(problemsOf({ ...smallTask(), destination: source, databases: [{ name: 'a', as: 'b' }] })).toEqual([])
  })

  it('hears everything at once, rules over several fields included', () => {
    const task = {
      mode: 'migrat',
      source: { rdsInstance: 'a', host: 'b', tls: { key: { file: 'k' } } },
      databases: [{ name: 'a' }, { name: 'a' }, { nam: 'b' }],
      lanes: 0,
      retry: { otherMinutes: 1000 },
    }
    expect(problemsOf(task).sort()).toEqual([
      'TASK_CHOICE mode',
      'TASK_DATABASE_TWICE databases[1].name',
      'TASK_ENDPOINT_AMBIGUOUS source.host',
      'TASK_KEY_WITHOUT_CERTIFICATE source.tls.certificate',
      'TASK_MISSING databases[2].name',
      'TASK_MISSING destination',
      'TASK_MISSING name',
      'TASK_PASSWORD_MISSING source',
      'TASK_RANGE lanes',
      'TASK_RETRY_WINDOWS retry.otherMinutes',
      'TASK_UNKNOWN_FIELD databases[2].nam',
    ])
  })

  it('is told what was probably meant', () => {
    const lines = readTask({ ...smallTask(), mode: 'pre-check', lane: 3, access: { dtsCidrs: 'nnoe' } }).problems.map(
      formatProblem,
    )
    expect(lines).toEqual([
      'mode: is "pre-check" — did you mean "precheck"?',
      'access.dtsCidrs: is text — did you mean "none"?',
      'lane: is not a field of a task — did you mean lanes?',
    ])
  })

  it('is told that the state machine could not carry it', () => {
    const databases = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `tenant_${index}` }))
    expect(problemsOf({ ...smallTask(), databases: databases(2_000) })).toEqual([])
    expect(problemsOf({ ...smallTask(), databases: databases(2_400) })).toEqual(['TASK_TOO_LARGE (task)'])
    const include = (count: number) => Array.from({ length: count }, (_, index) => `public.table_${index}`)
    expect(problemsOf({ ...smallTask(), databases: [{ name: 'a', include: include(9_000) }] })).toEqual([])
    const large = ['TASK_TOO_LARGE (task)']
    expect(problemsOf({ ...smallTask(), databases: [{ name: 'a', include: include(10_000) }] })).toEqual(large)
    // Its other problems are told with it.
    expect(problemsOf({ ...smallTask(), lanes: 0, databases: databases(2_400) })).toEqual(
      ['TASK_RANGE lanes', ...large].toSorted(),
    )
  })

  it('is told the numbers and words that a field takes', () => {
    const remedy = (lanes: unknown) => readTask({ ...smallTask(), lanes }).problems[0]?.remedy
    expect(remedy('many')).toBe('give a whole number from 1 to 64, or "auto"')
    expect(remedy('4')).toBe('give a whole number from 1 to 64 without quotes, or "auto"')
    expect(remedy(null)).toBe('give a whole number from 1 to 64, or "auto"')
  })

  it.each([[null], [undefined], [5], ['{}'], [[]], [true]])('that is %j is told what a task is', (input) => {
    const [problem, ...others] = readTask(input).problems
    expect(others).toEqual([])
    expect(problem?.path).toBe('(task)')
    expect(problem?.remedy).toMatch(/migration/)
  })
})
