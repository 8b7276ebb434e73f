import type { Session } from '../../postgres/connect.ts'
import { inBatches } from '../../runtime/in-batches.ts'

/** An object of the source, as one digest of all that is written of it in the catalogues. */
export interface StructureEntry {
  /** In people's words: table, index, query of the view. */
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly digest: string
}

/** The source's structure as the session's transaction sees it. */
export interface Structure {
  readonly entries: readonly StructureEntry[]
  /** Of all entries. */
  readonly digest: string
}

/** Rows of one INSERT: some megabytes of text at most. */
const BATCH = 20_000

/** Keeps the structure that the plan is of; call it in the flight of the transaction that stores the plan. */
export function storeStructure(
  destination: Session,
  run: string,
  { entries, digest }: Structure,
  generation: number,
): Promise<unknown>[] {
  return [
    destination.rows(`DELETE FROM sampan.structure WHERE run = $1`, [run]),
    ...inBatches(entries, BATCH).map((batch) =>
      destination.rows(
        `INSERT INTO sampan.structure (run, kind, schema, name, digest)
         SELECT $1, e.kind, e.schema, e.name, e.digest
           FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS e(kind text, schema text, name text, digest text)`,
        [run, JSON.stringify(batch)],
      ),
    ),
    destination.rows(`UPDATE sampan.run SET structure_digest = $2, plan_generation = $3 WHERE id = $1`, [
      run,
      digest,
      generation,
    ]),
  ]
}

/** What the plan was made of. */
export interface PlanMark {
  readonly digest: string | null
  /** The newest view whose structure is known to be the plan's; 0: none yet. */
  readonly generation: number
  /** The view whose structure is another one: the rest is planned anew in it. */
  readonly replanGeneration: number
}

export async function readPlanMark(destination: Session, run: string): Promise<PlanMark> {
  const [row] = await destination.rows<PlanMark>(
    `SELECT structure_digest AS digest, plan_generation AS generation, replan_generation AS "replanGeneration"
       FROM sampan.run WHERE id = $1`,
    [run],
  )
  return row ?? { digest: null, generation: 0, replanGeneration: 0 }
}

export async function readPlannedStructure(destination: Session, run: string): Promise<StructureEntry[]> {
  return destination.rows<StructureEntry>(`SELECT kind, schema, name, digest FROM sampan.structure WHERE run = $1`, [
    run,
  ])
}

/** The plan is not what it was taken for: the next start makes it anew, whatever the source's structure is. */
export async function disownPlan(destination: Session, run: string): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET structure_digest = '' WHERE id = $1`, [run])
}

/** The plan is of this view, or (`false`) is not and has to be made anew in it. */
export async function markView(destination: Session, run: string, generation: number, planned: boolean): Promise<void> {
  const column = planned ? 'plan_generation' : 'replan_generation'
  await destination.rows(`UPDATE sampan.run SET ${column} = GREATEST(${column}, $2) WHERE id = $1`, [run, generation])
}
