import { z } from 'zod'

/** What a row holds in some of its columns, as the server prints it; `null`: NULL. */
const cells = z.record(z.string(), z.string().nullable())

const differentRowSchema = z.strictObject({
  kind: z
    .enum(['missing', 'surplus', 'different'])
    .describe('Only on the source, only on the destination, or with other values'),
  key: cells.nullable().describe('The columns of its primary key; null where the table has none'),
  sourcePlace: z.string().nullable().describe('ctid on the source, good until the row is written again'),
  destinationPlace: z.string().nullable(),
  sourceValues: cells.nullable().describe('With --values: of a different row the columns that differ, else all'),
  destinationValues: cells.nullable(),
})

const rangeSchema = z.strictObject({
  kind: z.enum(['whole', 'key', 'large_objects']),
  lower: z.string().nullable(),
  upper: z.string().nullable(),
  keyColumn: z.string().nullable(),
})

const tableSchema = z.strictObject({
  table: z.string().describe('Its name on the source'),
  destination: z.string().nullable().describe('Its name on the destination where that is another one'),
  state: z.enum(['equal', 'differs', 'not compared']),
  why: z.string().nullable().describe('Why it could not be compared'),
  sourceRows: z.string(),
  destinationRows: z.string(),
  missing: z.number(),
  surplus: z.number(),
  different: z.number(),
  complete: z.boolean().describe('false: looked into in part, the numbers are the least ones'),
  underWay: z.number().describe('Rows that differed at one look and not at the next'),
  rows: z.array(differentRowSchema),
  unlisted: z.number().describe('Differing rows that are counted and not listed'),
  ranges: z.array(rangeSchema).describe('Where the differing rows are'),
})

const objectSchema = z.strictObject({
  what: z.enum(['missing', 'surplus', 'different', 'unclear']),
  kind: z.string(),
  schema: z.string().nullable(),
  name: z.string(),
})

const sequenceSchema = z.strictObject({
  name: z.string(),
  source: z.string().nullable(),
  destination: z.string().nullable(),
  why: z.string().nullable(),
})

const databaseSchema = z.strictObject({
  database: z.string(),
  as: z.string(),
  state: z.enum(['equal', 'differs']),
  tables: z.array(tableSchema),
  repaired: z
    .strictObject({
      tables: z.array(
        z.strictObject({ schema: z.string(), name: z.string(), deleted: z.number(), inserted: z.number() }),
      ),
      sequences: z.number(),
    })
    .nullable()
    .describe('With --repair: what was done; all else is as it was found afterwards'),
  structure: z
    .strictObject({ why: z.string().nullable(), compared: z.number(), objects: z.array(objectSchema) })
    .nullable(),
  sequences: z.strictObject({ compared: z.number(), different: z.array(sequenceSchema) }).nullable(),
  largeObjects: z
    .strictObject({
      why: z.string().nullable().describe('Why some could not be compared'),
      compared: z.number(),
      different: z.array(z.strictObject({ what: z.enum(['missing', 'surplus', 'different']), id: z.string() })),
    })
    .nullable(),
})

/** What a comparison came to. */
export const comparisonSchema = z.strictObject({
  task: z.string(),
  mode: z.enum(['full', 'counts']),
  state: z.enum(['equal', 'differs']),
  began: z.string(),
  ended: z.string(),
  databases: z.array(databaseSchema),
})

export type Comparison = z.output<typeof comparisonSchema>
export type ComparedDatabase = z.output<typeof databaseSchema>
export type ComparedTable = z.output<typeof tableSchema>
export type ComparedRow = z.output<typeof differentRowSchema>
export type ComparedObject = z.output<typeof objectSchema>

const itemSchema = z.strictObject({
  database: z.string(),
  oid: z.number(),
  /** Its place among the ranges of the table. */
  number: z.number(),
  sourceRows: z.string(),
  destinationRows: z.string(),
  differs: z.boolean(),
  why: z.string().nullable(),
})

/** A comparison that is not at its end, as far as it is. */
export const unfinishedSchema = z.strictObject({
  question: z.string(),
  began: z.string(),
  databases: z.array(databaseSchema),
  /** Of the database that is at work: how its tables were cut, and what was read. */
  cuts: z.array(z.strictObject({ database: z.string(), oid: z.number(), ranges: z.array(rangeSchema) })),
  items: z.array(itemSchema),
})

export type Unfinished = z.output<typeof unfinishedSchema>
export type ReadItem = z.output<typeof itemSchema>
