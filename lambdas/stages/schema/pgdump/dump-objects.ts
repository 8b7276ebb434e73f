import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import type { Side } from '../../../core/postgres/errors.ts'
import { openDestination, openSource } from '../../../core/postgres/sessions.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../core/runtime/event.ts'
import { type Dump, dump } from './dump.ts'

export interface DumpTools {
  readonly environment: CloudEnvironment
  readonly signal: AbortSignal
  /** Milliseconds that one dump may take; asked when it begins. */
  timeout(): number
  /** The snapshot that is read by, as `pg_export_snapshot()` answered. @default one of its own */
  readonly view?: string
  /** Whose objects. @default 'source' */
  readonly side?: Side
}

/**
 * One transaction sees all objects as they are at one moment. Where there are more than it can lock they are read one by
 * one, and the run's story says so.
 */
export async function dumpObjects(event: StepEvent, tools: DumpTools): Promise<Dump> {
  try {
    return await dumpOnOwnConnection(event, tools, false)
  } catch (thrown) {
    if (!(thrown instanceof SampanError) || thrown.code !== 'SRC_DUMP_LOCKS') throw thrown
  }
  const { archive, notices } = await dumpOnOwnConnection(event, tools, true)
  return {
    archive,
    notices: [...notices, 'there are more objects than one transaction can lock: they were read without one'],
  }
}

/** pg_dump leaves its session with settings and a transaction of its own. */
async function dumpOnOwnConnection(event: StepEvent, tools: DumpTools, skipTransaction: boolean): Promise<Dump> {
  const [open, purpose] = tools.side === 'destination' ? [openDestination, 'compare'] : [openSource, 'dump']
  const session = await open(event, tools.environment, { purpose, signal: tools.signal, pipeline: false })
  try {
    return await dump({
      client: session.client,
      args: ['--schema-only', ...(tools.view === undefined || skipTransaction ? [] : [`--snapshot=${tools.view}`])],
      skipTransaction,
      signal: tools.signal,
      timeout: tools.timeout(),
    })
  } finally {
    await session.close()
  }
}
