import type { DueStep } from '../../../core/ledger/objects/steps.ts'
import type { Session } from '../../../core/postgres/connect.ts'

const MEGABYTE = 1024 * 1024
const GIGABYTE = 1024 * MEGABYTE

/** What the destination says of its memory and its processes. */
export interface ServerSize {
  readonly sharedBuffers: number
  readonly effectiveCacheSize: number
  readonly maintenanceWorkMem: number
  /** Null before 11, whose indexes are built by one process. */
  readonly maintenanceWorkers: number | null
  /** Parallel workers of all sessions together. */
  readonly parallelWorkers: number
}

/** Settings as they are where the session began; sizes in bytes. */
export async function readServerSize(session: Session): Promise<ServerSize> {
  const size = (name: string) => `pg_catalog.pg_size_bytes(pg_catalog.current_setting('${name}'))::float8`
  const [row] = await session.rows<ServerSize>(
    `SELECT ${size('shared_buffers')} AS "sharedBuffers", ${size('effective_cache_size')} AS "effectiveCacheSize",
            ${size('maintenance_work_mem')} AS "maintenanceWorkMem",
            pg_catalog.current_setting('max_parallel_maintenance_workers', true)::integer AS "maintenanceWorkers",
            LEAST(pg_catalog.current_setting('max_parallel_workers')::integer,
                  pg_catalog.current_setting('max_worker_processes')::integer) AS "parallelWorkers"`,
  )
  return (
    row ?? {
      sharedBuffers: 0,
      effectiveCacheSize: 0,
      maintenanceWorkMem: 64 * MEGABYTE,
      maintenanceWorkers: null,
      parallelWorkers: 0,
    }
  )
}

/** Beyond this a sort gains nothing more. */
const MOST_MEMORY = 2 * GIGABYTE
const MOST_WORKERS = 8
/** PostgreSQL gives each process of a build at least this much, or takes fewer processes. */
const MEMORY_OF_PROCESS = 32 * MEGABYTE

export interface Tuning {
  /** Bytes. */
  readonly maintenanceWorkMem: number
  readonly maintenanceWorkers: number | null
}

/**
 * What one build may take, where `together` go on at once: never less than the server's own settings give it. The machine's
 * memory is guessed from what managed services and administrators set by rule: shared_buffers is a quarter of it,
 * effective_cache_size half of it; the smaller guess counts, so that a server whose settings nobody touched is taken for
 * small. All builds together get a quarter. Processors come with memory, one to four gigabytes.
 */
export function tune(server: ServerSize, bytes: number, together: number): Tuning {
  const memory = Math.min(4 * server.sharedBuffers, 2 * server.effectiveCacheSize)
  const share = Math.min(MOST_MEMORY, memory / 4 / together)
  const maintenanceWorkMem = Math.max(server.maintenanceWorkMem, Math.min(share, Math.max(bytes, MEMORY_OF_PROCESS)))
  if (server.maintenanceWorkers === null) return { maintenanceWorkMem, maintenanceWorkers: null }
  const processors = Math.floor(memory / (4 * GIGABYTE))
  const workers = Math.min(MOST_WORKERS, processors, Math.floor(server.parallelWorkers / together))
  return { maintenanceWorkMem, maintenanceWorkers: Math.max(server.maintenanceWorkers, workers) }
}

/** The settings as one Query, for the session that is about to take the step. */
export function tuningQuery({ maintenanceWorkMem, maintenanceWorkers }: Tuning): string {
  const workers =
    maintenanceWorkers === null ? '' : `; SET max_parallel_maintenance_workers = ${Math.floor(maintenanceWorkers)}`
  return `SET maintenance_work_mem = '${Math.floor(maintenanceWorkMem / 1024)}kB'${workers}`
}

const LONG_KINDS: ReadonlySet<string> = new Set(['INDEX', 'CONSTRAINT', 'FK CONSTRAINT', 'MATERIALIZED VIEW DATA'])

/** Whether a step reads a whole large table: it travels alone, and takes as long as it takes. */
export function isLong({ kind, step, bytes }: Pick<DueStep, 'kind' | 'step' | 'bytes'>, small: number): boolean {
  // Of an object's parts one is in a flight: what becomes of it is noted by the object's number.
  if (step === 'part') return true
  if (bytes <= small || !LONG_KINDS.has(kind)) return false
  if (step === 'whole') return true
  // The second step of an index takes over what the first has built; the first one of a foreign key is a promise.
  return kind === 'FK CONSTRAINT' ? step === 'finish' : step === 'build'
}
