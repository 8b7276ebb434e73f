import type { Session } from '../postgres/connect.ts'

/** What a lane's open transaction has copied so far. */
export interface Flight {
  /** Rises from flight to flight of a lane, whatever calls of it there were. */
  readonly number: number
  /** Source oid of its largest chunk's relation. */
  readonly relation: number
  /** As the plan estimates the chunks. */
  readonly bytes: number
  readonly rows: number
}

/** A lane's word, in a statement of its own. One that comes behind the flight's receipts changes nothing. */
export async function sayUnderWay(destination: Session, run: string, lane: number, flight: Flight): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.under_way AS u (run, lane, flight, relation, bytes, rows) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (run, lane) DO UPDATE
        SET flight = EXCLUDED.flight, relation = EXCLUDED.relation, bytes = EXCLUDED.bytes, rows = EXCLUDED.rows, at = EXCLUDED.at
      WHERE u.flight <= EXCLUDED.flight`,
    [run, lane, flight.number, flight.relation, flight.bytes, flight.rows],
  )
}

/** The flight has landed: inside of the transaction that commits it, so that nothing is counted twice. */
export async function sayLanded(destination: Session, run: string, lane: number, flight: number): Promise<void> {
  await destination.rows(
    `UPDATE sampan.under_way SET flight = $3::bigint + 1, bytes = 0, rows = 0, at = pg_catalog.clock_timestamp()
      WHERE run = $1 AND lane = $2 AND flight <= $3::bigint`,
    [run, lane, flight],
  )
}

/** A word that is older is of a lane that has died. */
const GOOD_SECONDS = 10

/** As one row: `bytesMoving`, `rowsMoving`. `$1` is the run. */
export const MOVING = `SELECT COALESCE(sum(bytes), 0)::float8 AS "bytesMoving", COALESCE(sum(rows), 0)::float8 AS "rowsMoving"
  FROM sampan.under_way WHERE run = $1 AND at > pg_catalog.clock_timestamp() - interval '${GOOD_SECONDS} seconds'`

/** What a row of `sampan.relation r` is called. */
const RELATION_NAME = `CASE WHEN r.oid = 0 THEN 'large objects' ELSE pg_catalog.concat(r.schema, '.', r.name) END`

/** A table that lanes are at. Bytes are estimates, as those of the whole run. */
export interface MovingTable {
  readonly name: string
  readonly bytes: number
  readonly bytesDone: number
  readonly bytesMoving: number
}

/** The tables that lanes are at, largest first. It reads their chunks: a look for every few seconds. */
export async function readMovingTables(destination: Session, run: string): Promise<readonly MovingTable[]> {
  return destination.rows<MovingTable>(
    `SELECT ${RELATION_NAME} AS name,
            c.bytes, c."bytesDone", u."bytesMoving"
       FROM (SELECT relation, sum(bytes)::float8 AS "bytesMoving" FROM sampan.under_way
              WHERE run = $1 AND at > pg_catalog.clock_timestamp() - interval '${GOOD_SECONDS} seconds' AND bytes > 0
              GROUP BY relation) u
       JOIN sampan.relation r ON r.run = $1 AND r.oid = u.relation
      CROSS JOIN LATERAL (SELECT sum(bytes)::float8 AS bytes, COALESCE(sum(bytes) FILTER (WHERE rows IS NOT NULL), 0)::float8 AS "bytesDone"
                            FROM sampan.chunk WHERE run = $1 AND relation = u.relation) c
      ORDER BY c.bytes DESC, r.schema, r.name`,
    [run],
  )
}

/** What one lane has under way. */
export interface MovingLane {
  readonly lane: number
  /** The relation of its largest chunk. */
  readonly table: string
  /** As the plan estimates the chunks. */
  readonly bytes: number
  readonly rows: number
}

/** The lanes that are at rows, by number: a row of each, nothing else. */
export async function readMovingLanes(destination: Session, run: string): Promise<readonly MovingLane[]> {
  return destination.rows<MovingLane>(
    `SELECT u.lane, ${RELATION_NAME} AS table, u.bytes::float8 AS bytes, u.rows::float8 AS rows
       FROM sampan.under_way u JOIN sampan.relation r ON r.run = u.run AND r.oid = u.relation
      WHERE u.run = $1 AND u.at > pg_catalog.clock_timestamp() - interval '${GOOD_SECONDS} seconds' AND u.bytes > 0
      ORDER BY u.lane`,
    [run],
  )
}
