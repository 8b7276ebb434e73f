import { z } from 'zod'
import { accessRecordSchema } from '../../core/documents/access.ts'

const oneError = { code: z.string(), message: z.string(), remedy: z.string() }

const errorSchema = z.object({
  ...oneError,
  /** What was found wrong beside it. */
  besides: z.array(z.object(oneError)).readonly().nullish(),
})

const number = z.number().nonnegative()
const count = z.int().nonnegative()

/** Where a run came from or went to. Versions are the servers' own words. */
const serverSchema = z.object({
  /** The instance id, or host and port. */
  name: z.string(),
  version: z.string().nullable(),
  encoding: z.string().nullable(),
})

const differenceSchema = z.object({
  /** Rows only on the source. */
  missing: count,
  /** Rows only on the destination. */
  surplus: count,
  /** Rows of one key on both sides, with different values. */
  different: count,
  /** False: looked into in part, the numbers are at least these. */
  complete: z.boolean(),
  /** True: the source was written to since the copy, and counts as it was when the report was made. */
  sourceChanged: z.boolean(),
  places: z.array(
    z.object({
      side: z.enum(['source', 'destination']),
      /** Of a large object its id. */
      ctid: z.string(),
      kind: z.enum(['missing', 'surplus', 'different']),
    }),
  ),
})

const tableSchema = z.object({
  /** `schema.table`; `large objects` for those. */
  name: z.string(),
  schema: z.string(),
  table: z.string(),
  /** `schema.table` on the destination, where that is another name. */
  as: z.string().nullish(),
  /** Of the source, in the consistent view that was copied; `null` where the copy did not come to its end. */
  rows: number.nullable(),
  destinationRows: number.nullable(),
  /** Sent, in the form of COPY; where nothing was sent yet, the size on the source. */
  bytes: number,
  /** Sum of the rows' hashes, a number of any length as text; `null` where rows were only counted. */
  sourceDigest: z.string().nullable(),
  destinationDigest: z.string().nullable(),
  /** `null`: not compared, or not yet. */
  match: z.boolean().nullable(),
  chunks: count,
  chunksDone: count,
  /** Failed attempts of its chunks. */
  attempts: count,
  lastError: z.string().nullable(),
  format: z.enum(['binary', 'text']),
  /** Why it travels as text. */
  formatReason: z.string().nullish(),
  /** Which of its rows are migrated and compared, as SQL: an extension makes the table, and has rows of its own in it. */
  where: z.string().nullish(),
  /** The task's filter: which of the source's rows are migrated, as SQL. */
  filter: z.string().nullish(),
  /** About how many rows the source has of a filtered table, by its own statistics; `null` where that is not known. */
  rowsEstimated: number.nullish(),
  /** Columns whose values the task computes. */
  expressed: z.array(z.string()).nullish(),
  /** Columns, or attributes of them, of whose values only NULL and not NULL is compared. */
  notCompared: z.array(z.string()).nullish(),
  /** It was written to after the view was lost, and copied again. */
  copiedAgain: z.boolean().nullish(),
  /** What its chunks are ranges of: pages (`tid`), values of a key, object ids; `whole`: one chunk. */
  ranges: z.enum(['whole', 'tid', 'key', 'large_objects']).nullish(),
  /** Why it is cut in that way. */
  cutReason: z.string().nullish(),
  /** Number of its first chunk in the order of the plan, the largest first. */
  order: z.int().nullish(),
  /** Of all its chunks together; lanes work at once. */
  seconds: number.nullable(),
  difference: differenceSchema.nullable(),
  /** What became of rows that came into a table whose rows stay (conflicts: ignore). */
  beside: z
    .object({
      inserted: count,
      /** Stood there already, the same to the byte. */
      equal: count,
      /** Another row stands there under their key, or under another unique one, and stays. */
      different: count,
      /** ctids of the first of those. */
      places: z.array(z.string()),
      /** Rows of the destination that are none of the source's; `null`: not looked at. */
      others: count.nullable(),
    })
    .nullish(),
  /** Generated columns: the destination has computed them anew, and they are not compared. */
  computed: z.array(z.string()).nullish(),
})

const objectSchema = z.object({
  /** pg_dump's word: TABLE, INDEX, FK CONSTRAINT, … */
  kind: z.string(),
  schema: z.string().nullable(),
  /** `schema.name` */
  name: z.string(),
  status: z.enum(['pending', 'migrated', 'transformed', 'skipped', 'failed', 'blocked']),
  /** Why it was skipped, transformed or blocked. */
  reason: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  milliseconds: number.nullable(),
})

const sequenceSchema = z.object({
  name: z.string(),
  /** Text: a bigint does not fit a JSON number. */
  lastValue: z.string(),
  isCalled: z.boolean(),
  destinationLastValue: z.string().nullable(),
  match: z.boolean().nullable(),
  error: z.string().nullable(),
})

const eventSchema = z.object({
  at: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  step: z.string(),
  lane: z.int().nullable(),
  code: z.string(),
  message: z.string(),
})

/** Of all that a database has, whether the lists have it or not. */
const totalsSchema = z.object({
  /** With the large objects, which count as one. */
  tables: count,
  /** 1 where the large objects are among the tables. */
  largeObjects: count,
  /** Without the large objects, which are counted by pages. */
  rows: number,
  bytes: number,
  chunks: count,
  tablesEqual: count,
  /** Of the equal ones: byte for byte. */
  tablesDigested: count,
  /** 1 where the large objects are equal. */
  largeObjectsEqual: count,
  tablesDifferent: count,
  /** Tables that are not copied to their end, and their estimated size. */
  tablesUnfinished: count,
  bytesUnfinished: number,
  /** Tables with a filter of the task, their rows that came, and about how many the source has; `null` where that is not known. */
  tablesFiltered: count,
  rowsFiltered: number,
  rowsOfFiltered: number.nullable(),
  /** Tables whose rows stay, and what became of the source's beside them; `rowsOfOthers` is `null` where not all were looked at. */
  tablesBeside: count,
  rowsInserted: count,
  rowsKeptEqual: count,
  rowsKeptDifferent: count,
  rowsOfOthers: count.nullable(),
  /** Tables with columns that the task computes, and those columns. */
  tablesExpressed: count,
  columnsExpressed: count,
  /** Columns of digested tables of whose values only NULL and not NULL was compared. */
  columnsNotCompared: count,
  /** Tables with generated columns, which the destination has computed anew. */
  tablesComputed: count,
  objects: count,
  migrated: count,
  transformed: count,
  skipped: count,
  failed: count,
  blocked: count,
  pending: count,
  /** Tables that failed or are blocked: with them rows are missing. */
  tablesUnmade: count,
  /** Materialized views that were filled anew. */
  viewsFilled: count,
  /** Relations that the task chose and that were left out for what they need. */
  leftOut: count,
  sequences: count,
  sequencesEqual: count,
  sequencesDifferent: count,
})

const databaseSchema = z.object({
  /** On the source. */
  name: z.string(),
  /** On the destination. */
  as: z.string(),
  /** `not-run`: the run ended before it, or had nothing to do with it. */
  status: z.enum(['succeeded', 'failed', 'planned', 'not-run']),
  error: errorSchema.nullable(),
  source: serverSchema,
  destination: serverSchema,
  startedAt: z.string().nullable(),
  sealedAt: z.string().nullable(),
  totals: totalsSchema,
  /** How long each part of the way took, by the ledger's marks; a run started twice has its pause in between. */
  steps: z.array(z.object({ name: z.string(), seconds: number })),
  /**
   * The document with all tables, objects, sequences and events, one JSON text on a line; its path from the directory of --out, or from
   * the bucket's prefix. `null`: the lists here have all. Otherwise they have what needs attention, and the largest tables.
   */
  details: z.string().nullable(),
  tables: z.array(tableSchema),
  objects: z.array(objectSchema),
  sequences: z.array(sequenceSchema),
  /** The last ones, oldest first. */
  events: z.array(eventSchema),
})

const precheckSchema = z.object({
  code: z.string(),
  title: z.string(),
  level: z.enum(['error', 'warning', 'info']),
  status: z.enum(['passed', 'found', 'not-run']),
  database: z.string().nullable(),
  side: z.string().nullable(),
  cause: z.string(),
  remedy: z.string(),
  details: z.array(z.string()),
  acknowledged: z.boolean(),
  /** The run is refused for it. */
  blocks: z.boolean().default(false),
})

/** What the run opened and closed. `open`: added by it and not closed (yet); empty in a finished report, unless something went wrong. */
const accessSchema = accessRecordSchema.pick({ opened: true, closed: true, open: true, notes: true, closedAt: true })

const sideSchema = z.object({
  instance: z.string().nullable(),
  host: z.string().nullable(),
  port: z.int().nullable(),
  region: z.string().nullable(),
  user: z.string().nullable(),
  tls: z.string(),
})

/** What was asked for, without secrets and without where they lie. */
const taskSchema = z.object({
  name: z.string(),
  mode: z.enum(['precheck', 'plan', 'migrate', 'follow']),
  source: sideSchema,
  destination: sideSchema,
  databases: z.array(
    z.object({
      name: z.string(),
      as: z.string(),
      include: z.array(z.string()),
      exclude: z.array(z.string()),
      /** `public.orders where …` */
      filters: z.array(z.string()).nullish(),
      /** `public.customers.email by …` */
      expressions: z.array(z.string()).nullish(),
      /** `public.orders as sales.orders` */
      names: z.array(z.string()).nullish(),
    }),
  ),
  /** `app → app_ali`, `* → drop`. */
  roles: z.array(z.string()).nullish(),
  onObjectError: z.string(),
  lanes: z.union([z.literal('auto'), z.int()]),
  /** In words; empty where there is none. */
  limits: z.array(z.string()),
  chunkMegabytes: z.int(),
  validation: z.string(),
  acknowledged: z.array(z.string()),
})

const spanSchema = z.object({ low: number, high: number })

/** What `sampan plan` has said beforehand, seconds from the lower to the higher. */
const estimateSchema = z.object({
  /** Of the plan. */
  hash: z.string(),
  madeAt: z.string(),
  seconds: spanSchema,
  copy: spanSchema,
  index: spanSchema,
  compare: spanSchema,
})

/** `report.json`: the run's whole story. New fields may come; these keep their names and meaning. */
export const reportSchema = z.object({
  version: z.literal(1),
  /** `incomplete`: it came to its end, but objects failed that the task goes on without. */
  status: z.enum(['succeeded', 'incomplete', 'failed', 'refused', 'prechecked', 'planned']),
  run: z.string(),
  execution: z.string(),
  task: taskSchema,
  /** Of all that `task` says, with sorted keys: two reports of one task have the same. */
  taskHash: z.string().nullish(),
  /** What made the migration; `pgDump` writes the objects’ SQL. */
  versions: z.object({ sampan: z.string(), pgDump: z.string() }).nullish(),
  /** Of the latest plan of this run in the same place; `null` where none was made or measured. */
  estimate: estimateSchema.nullish(),
  /** When the run began, its first start where it was started several times; ISO 8601. */
  startedAt: z.string(),
  finishedAt: z.string(),
  seconds: number,
  error: errorSchema.nullable(),
  databases: z.array(databaseSchema),
  /** Where there are very many: those that found something before those that passed. precheck.json has all. */
  prechecks: z.array(precheckSchema),
  /** How many are in precheck.json alone. */
  prechecksLeft: count,
  /** 0 to 100; `null` where no precheck was made. */
  score: z.number().nullable(),
  access: accessSchema,
  /** What the report could not read, and why. */
  notes: z.array(z.string()),
})

export type Report = z.output<typeof reportSchema>
export type DatabaseReport = z.output<typeof databaseSchema>
export type Totals = z.output<typeof totalsSchema>
export type TableReport = z.output<typeof tableSchema>
export type ObjectReport = z.output<typeof objectSchema>
export type SequenceReport = z.output<typeof sequenceSchema>
export type EventReport = z.output<typeof eventSchema>
export type PrecheckReport = z.output<typeof precheckSchema>
export type AccessReport = z.output<typeof accessSchema>
export type AccessEntryReport = AccessReport['opened'][number]
export type TaskReport = z.output<typeof taskSchema>
export type Estimate = z.output<typeof estimateSchema>
export type ReportError = z.output<typeof errorSchema>

/** How an execution ends, for the state machine. */
export type FinalStatus = 'succeeded' | 'incomplete' | 'failed' | 'refused'
export const accessReportSchema = accessSchema
export const tableReportSchema = tableSchema
