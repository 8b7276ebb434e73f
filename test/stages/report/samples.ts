import type { AccessEntry } from '../../../lambdas/core/documents/access.ts'
import type { DatabaseReport, ObjectReport, Report, TableReport } from '../../../lambdas/stages/report/model.ts'
import { Tally } from '../../../lambdas/stages/report/totals.ts'

const table = (name: string, rows: number, bytes: number, extra: Partial<TableReport> = {}): TableReport => ({
  name: `public.${name}`,
  schema: 'public',
  table: name,
  rows,
  destinationRows: rows,
  bytes,
  sourceDigest: String(rows * 918_273_645_546),
  destinationDigest: String(rows * 918_273_645_546),
  match: true,
  chunks: Math.max(1, Math.ceil(bytes / 268_435_456)),
  chunksDone: Math.max(1, Math.ceil(bytes / 268_435_456)),
  attempts: 0,
  lastError: null,
  format: 'binary',
  seconds: bytes / 90_000_000,
  difference: null,
  ...extra,
})

const object = (kind: string, name: string, extra: Partial<ObjectReport> = {}): ObjectReport => ({
  kind,
  schema: 'public',
  name: `public.${name}`,
  status: 'migrated',
  reason: null,
  error: null,
  milliseconds: 4.2,
  ...extra,
})

const NAMES = ['customers', 'orders', 'order_lines', 'products', 'Prices', 'visits', 'countries', 'reviews', 'stock']

const tables = NAMES.map((name, index) =>
  table(name, Math.round(12_400_000 / (index + 1) ** 2), Math.round(1_900_000_000 / (index + 1) ** 3)),
)

const objects = [
  ...NAMES.map((name) => object('TABLE', name)),
  ...NAMES.slice(0, 7).map((name) => object('CONSTRAINT', `${name} ${name}_pkey`)),
  ...['orders_customer_idx', 'lines_order_idx', 'products_name_idx'].map((name) => object('INDEX', name)),
  object('VIEW', 'sales_per_month'),
  object('MATERIALIZED VIEW', 'best_sellers'),
  object('FUNCTION', 'total(integer)'),
  object('TYPE', 'order_state'),
  object('SCHEMA', 'public', { schema: null, name: 'public', status: 'skipped', reason: 'every database has it' }),
  object('EXTENSION', 'pg_stat_statements', {
    status: 'skipped',
    reason: 'belongs to the server, not to the data: the destination has its own',
  }),
  object('TABLE', 'tmp_import', { status: 'skipped', reason: 'excluded by *.tmp_*' }),
]

/** The totals of what stands in the lists. */
export function totalsOf(database: Pick<DatabaseReport, 'tables' | 'objects' | 'sequences'>): DatabaseReport['totals'] {
  const tally = new Tally()
  tally.add(database)
  return tally.totals
}

const sequences: DatabaseReport['sequences'] = [
  {
    name: 'public.customers_id_seq',
    lastValue: '12400000',
    isCalled: true,
    destinationLastValue: '12400000',
    match: true,
    error: null,
  },
  {
    name: 'public.orders_id_seq',
    lastValue: '9223372036854775807',
    isCalled: true,
    destinationLastValue: '9223372036854775807',
    match: true,
    error: null,
  },
  {
    name: 'public.never_used_seq',
    lastValue: '1',
    isCalled: false,
    destinationLastValue: '1',
    match: true,
    error: null,
  },
]

const shop: DatabaseReport = {
  name: 'shop',
  as: 'shop',
  status: 'succeeded',
  error: null,
  source: { name: 'orders-prod', version: '15.18', encoding: 'UTF8' },
  destination: { name: 'pgm-3nsabcde12345678', version: '18.4', encoding: 'UTF8' },
  startedAt: '2026-11-23T01:02:03.120Z',
  sealedAt: '2026-11-23T01:06:54.000Z',
  totals: totalsOf({ tables, objects, sequences }),
  steps: [
    { name: 'Plan', seconds: 4.1 },
    { name: 'Create objects', seconds: 2.6 },
    { name: 'Copy rows', seconds: 171.2 },
    { name: 'Indexes, keys, sequences', seconds: 76.9 },
    { name: 'Compare and seal', seconds: 36.0 },
  ],
  details: null,
  tables,
  objects,
  sequences,
  events: [
    {
      at: '2026-11-23T01:03:41.200Z',
      level: 'warning',
      step: 'CopyLane',
      lane: 2,
      code: 'SRC_CONNECTION_LOST',
      message: 'the connection to the source failed: Connection terminated unexpectedly',
    },
    {
      at: '2026-11-23T01:06:54.000Z',
      level: 'info',
      step: 'Seal',
      lane: null,
      code: 'RUN_SEALED',
      message: 'everything is accounted for',
    },
  ],
}

const opened: AccessEntry[] = [
  ...['47.88.0.0/24', '47.236.18.0/25', '161.117.64.0/24'].map(
    (cidr, index): AccessEntry => ({
      kind: 'security-group-rule',
      region: 'us-east-1',
      group: 'sg-0a1b2c3d4e5f60718',
      instance: 'orders-prod',
      ruleId: `sgr-0f00000000000000${index}`,
      cidr,
      sourceGroup: null,
      port: 5432,
      purpose: 'dts',
      openedAt: '2026-11-23T01:02:01.000Z',
      expiresAt: '2026-11-30T01:02:01.000Z',
      existedBefore: index === 2,
    }),
  ),
  {
    kind: 'whitelist-entry',
    region: 'ap-southeast-1',
    group: 'sampan_orders',
    instance: 'pgm-3nsabcde12345678',
    ruleId: null,
    cidr: '203.0.113.7',
    sourceGroup: null,
    port: null,
    purpose: 'workers',
    openedAt: '2026-11-23T01:02:02.000Z',
    expiresAt: '2026-11-30T01:02:01.000Z',
    existedBefore: false,
  },
]

/** A run that went well, with a hiccup. */
export const succeeded: Report = {
  version: 1,
  status: 'succeeded',
  run: 'orders-to-singapore',
  execution: '7f3a9c1e-2026-11-23',
  task: {
    name: 'orders-to-singapore',
    mode: 'migrate',
    source: { instance: 'orders-prod', host: null, port: null, region: 'us-east-1', user: null, tls: 'verify-full' },
    destination: {
      instance: 'pgm-3nsabcde12345678',
      host: null,
      port: null,
      region: 'ap-southeast-1',
      user: 'sampan',
      tls: 'verify-full',
    },
    databases: [{ name: 'shop', as: 'shop', include: ['*.*'], exclude: ['*.tmp_*'] }],
    onObjectError: 'fail',
    lanes: 4,
    limits: ['20 MB/s', 'latency of the source below 25 ms'],
    chunkMegabytes: 256,
    validation: 'full',
    acknowledged: ['DST_VERSION_DIFFERS'],
  },
  startedAt: '2026-11-23T01:02:01.000Z',
  finishedAt: '2026-11-23T01:07:03.000Z',
  seconds: 302,
  error: null,
  databases: [shop],
  prechecks: [
    {
      code: 'DST_VERSION_DIFFERS',
      title: 'both servers run the same major version',
      level: 'warning',
      status: 'found',
      database: null,
      side: 'both',
      cause: 'the source runs 15.18, the destination 18.4',
      remedy: 'read the release notes of 16, 17 and 18; then acknowledge this code',
      details: [],
      acknowledged: true,
      blocks: false,
    },
    {
      code: 'TABLES_WITHOUT_KEY',
      title: 'every table has a key',
      level: 'info',
      status: 'found',
      database: 'shop',
      side: 'source',
      cause: '1 table has no primary key: its rows are copied exactly once all the same',
      remedy: 'nothing to do',
      details: ['public.visits'],
      acknowledged: false,
      blocks: false,
    },
    {
      code: 'SRC_VERSION',
      title: 'the source runs PostgreSQL 9.4 to 18',
      level: 'error',
      status: 'passed',
      database: null,
      side: 'source',
      cause: '',
      remedy: '',
      details: [],
      acknowledged: false,
      blocks: false,
    },
    {
      code: 'CONFLICTING_OBJECTS',
      title: 'nothing stands in the way on the destination',
      level: 'error',
      status: 'passed',
      database: 'shop',
      side: 'destination',
      cause: '',
      remedy: '',
      details: [],
      acknowledged: false,
      blocks: false,
    },
  ],
  prechecksLeft: 0,
  score: 100,
  access: {
    opened,
    closed: opened
      .filter((entry) => !entry.existedBefore)
      .map((entry) => ({ ...entry, closedAt: '2026-11-23T01:07:01.000Z', how: 'revoked' as const })),
    open: [],
    notes: [],
    closedAt: '2026-11-23T01:07:01.000Z',
  },
  notes: [],
}

const damaged = tables.map((one): TableReport => {
  if (one.table === 'orders') {
    return {
      ...one,
      destinationRows: one.rows,
      destinationDigest: '2846648300892601',
      match: false,
      attempts: 2,
      lastError: 'SRC_CONNECTION_LOST: the connection to the source failed',
      difference: {
        missing: 1,
        surplus: 0,
        different: 2,
        complete: true,
        sourceChanged: true,
        places: [
          { side: 'destination', ctid: '(1024,7)', kind: 'different' },
          { side: 'destination', ctid: '(1024,8)', kind: 'different' },
          { side: 'source', ctid: '(88,31)', kind: 'missing' },
        ],
      },
    }
  }
  if (one.table === 'reviews')
    return {
      ...one,
      rows: null,
      destinationRows: null,
      sourceDigest: null,
      destinationDigest: null,
      match: null,
      chunksDone: 0,
      seconds: null,
    }
  return one
})

const broken = [
  ...objects,
  object('FUNCTION', 'distance(point, point)', {
    status: 'failed',
    error: { code: 'DST_SQL_42501', message: 'the destination answered: permission denied for language c' },
  }),
  object('INDEX', 'shops_distance_idx', { status: 'blocked', reason: 'needs FUNCTION public.distance(point, point)' }),
]

/** A run in which much went wrong at once. */
export const failed: Report = {
  ...succeeded,
  status: 'failed',
  error: {
    code: 'OBJECTS_FAILED',
    message:
      'shop: 2 objects could not be created: FUNCTION public.distance(point, point) (DST_SQL_42501), INDEX public.shops_distance_idx; besides VALIDATION_DIFFERS (and 1 more of 3 databases failed)',
    remedy: 'mend what the report says of each, or set onObjectError to "continue"; then start the task again',
  },
  databases: [
    {
      ...shop,
      status: 'failed',
      tables: damaged,
      objects: broken,
      totals: totalsOf({ tables: damaged, objects: broken, sequences }),
      sealedAt: null,
      steps: shop.steps.slice(0, 4),
      error: {
        code: 'OBJECTS_FAILED',
        message:
          '2 objects could not be created: FUNCTION public.distance(point, point) (DST_SQL_42501), INDEX public.shops_distance_idx; besides VALIDATION_DIFFERS',
        remedy: 'mend what the report says of each, or set onObjectError to "continue"; then start the task again',
      },
    },
    {
      ...shop,
      name: 'billing',
      as: 'billing_eu',
      tables: tables.slice(0, 3),
      objects: objects.slice(0, 12),
      sequences: [],
      events: [],
      totals: totalsOf({ tables: tables.slice(0, 3), objects: objects.slice(0, 12), sequences: [] }),
    },
    {
      ...shop,
      name: 'archive',
      as: 'archive',
      status: 'failed',
      tables: [],
      objects: [],
      sequences: [],
      events: [],
      steps: [],
      sealedAt: null,
      startedAt: null,
      totals: totalsOf({ tables: [], objects: [], sequences: [] }),
      error: {
        code: 'DST_CONNECTION_LOST',
        message: 'the connection to the destination failed: connect ECONNREFUSED 10.0.3.4:5432',
        remedy: 'nothing to do while the retry window is open; check that the destination is up and reachable',
      },
    },
  ],
  access: {
    ...succeeded.access,
    closed: [],
    open: opened.slice(0, 1),
    closedAt: '2026-11-23T01:07:01.000Z',
    notes: [{ code: 'CIDRS_DIFFER', message: 'the two lists of DTS blocks differ: 12 were opened, 1 was left out' }],
  },
  notes: [
    'archive: the ledger could not be read: the connection to the destination failed: connect ECONNREFUSED 10.0.3.4:5432',
  ],
}

/** A run that the precheck stopped. */
export const refused: Report = {
  ...succeeded,
  status: 'refused',
  databases: [],
  score: 40,
  prechecks: [
    {
      code: 'DST_OBJECTS_EXIST',
      title: 'nothing stands in the way on the destination',
      level: 'error',
      status: 'found',
      database: 'shop',
      side: 'destination',
      cause: '2 tables of the task stand on the destination already',
      remedy: 'drop them, or leave them out with exclude',
      details: ['public.customers', 'public.orders'],
      acknowledged: false,
      blocks: false,
    },
    {
      code: 'DST_SPACE',
      title: 'the destination has room',
      level: 'warning',
      status: 'not-run',
      database: null,
      side: 'destination',
      cause: 'the size of the disk cannot be asked for',
      remedy: 'compare 4.2 GB with the console',
      details: [],
      acknowledged: false,
      blocks: false,
    },
    ...succeeded.prechecks,
  ],
}
