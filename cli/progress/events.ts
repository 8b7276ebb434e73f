import { z } from 'zod'

/** Milliseconds, bytes, rows, rates and the like. */
const amount = z.number().min(0)
const limit = z.number().positive().nullable()

/** The words of `--json`: what has happened, one object each, in order. Fields may be added; none is taken away or changes its meaning. */
const shapes = {
  /** First of all: what is told of below. With --plan twice, as the plan is made anew before. */
  run: {
    name: z.string(),
    /** `null` where it is only looked on. */
    execution: z.string().nullable(),
    mode: z.string(),
    databases: z.array(z.string()).readonly(),
  },
  /** A stage of the run (`database` is null) or of a database has begun, ended or failed. */
  stage: {
    database: z.string().nullable(),
    stage: z.string(),
    state: z.enum(['active', 'done', 'failed', 'skipped']),
    /** Since it began. */
    milliseconds: amount,
    detail: z.string(),
  },
  /** A step has failed and is done again. */
  retry: {
    database: z.string().nullable(),
    stage: z.string(),
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    /** When. */
    again: z.iso.datetime(),
  },
  /** What it waited for has come. */
  recovered: { database: z.string().nullable(), stage: z.string() },
  /** Something that the run goes on with. */
  warning: { database: z.string(), text: z.string() },
  /** How far a database is: once a second at most. */
  counts: {
    database: z.string(),
    objects: amount,
    objectsDone: amount,
    chunks: amount,
    chunksDone: amount,
    rows: amount,
    /** Estimated from the sizes of the source's tables. */
    bytes: amount,
    bytesDone: amount,
    /** Beside them, in transactions that are not committed. */
    bytesMoving: amount,
    rowsMoving: amount,
    parts: amount,
    partsDone: amount,
    indexes: amount,
    indexesDone: amount,
    bytesPerSecond: amount,
    /** Of the copy, seconds; `null` where it is not known. */
    left: z.object({ least: amount, most: amount }).nullable(),
    /** The part of their speed at which lanes are held, above 0 to 1, and why. */
    pace: z.number().positive().max(1),
    paceReason: z.string().nullable(),
    paused: z.boolean(),
    /** `null` before the copy is planned; each `null`: no limit. */
    limits: z
      .object({
        lanes: z.int().positive(),
        mostLanes: limit,
        queriesPerSecond: limit,
        rowsPerSecond: limit,
        bytesPerSecond: limit,
        sourceCpuPercent: limit,
        sourceLatencyMilliseconds: limit,
      })
      .nullable(),
    /** What the destination builds, validates or fills. */
    statements: z
      .array(
        z.object({
          kind: z.string(),
          name: z.string(),
          seconds: z.number(),
          phase: z.string().nullable(),
          done: z.number().nullable(),
        }),
      )
      .readonly(),
    /** How far behind the source is followed; `null` where it is not. Bytes of WAL; `null` before the first look. */
    followed: z
      .object({ changes: amount, behind: amount.nullable(), retained: amount.nullable(), arrived: z.boolean() })
      .nullable(),
  },
  /** The tables that lanes are at: those that take longest from here, 20 at most. */
  tables: {
    database: z.string(),
    tables: z
      .array(
        z.object({
          name: z.string(),
          bytes: amount,
          bytesDone: amount,
          bytesMoving: amount,
          bytesPerSecond: amount,
        }),
      )
      .readonly(),
  },
  /** What each lane has under way. */
  lanes: {
    database: z.string(),
    lanes: z.array(z.object({ lane: z.int().min(0), table: z.string(), bytes: amount, rows: amount })).readonly(),
  },
  /** Last of all. */
  end: {
    /** As the command ends. */
    exitStatus: z.int(),
    error: z.looseObject({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
    milliseconds: amount,
    /** Path of report.json. */
    report: z.string().nullable(),
  },
}

/** When, ISO 8601. */
const at = z.iso.datetime()

export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), at, ...shapes.run }),
  z.strictObject({ type: z.literal('stage'), at, ...shapes.stage }),
  z.strictObject({ type: z.literal('retry'), at, ...shapes.retry }),
  z.strictObject({ type: z.literal('recovered'), at, ...shapes.recovered }),
  z.strictObject({ type: z.literal('warning'), at, ...shapes.warning }),
  z.strictObject({ type: z.literal('counts'), at, ...shapes.counts }),
  z.strictObject({ type: z.literal('tables'), at, ...shapes.tables }),
  z.strictObject({ type: z.literal('lanes'), at, ...shapes.lanes }),
  z.strictObject({ type: z.literal('end'), at, ...shapes.end }),
])

/** What a run tells while it goes on: lines of `--json`, and what the live page is made of. */
export type ProgressEvent = z.output<typeof eventSchema>

export type EventOf<Type extends ProgressEvent['type']> = Extract<ProgressEvent, { readonly type: Type }>
