import { makeApsaraDatabase } from '../../../../core/cloud/apsara-database.ts'
import type { Session } from '../../../../core/postgres/connect.ts'
import { ConnectError } from '../../../../core/postgres/connect-errors.ts'
import { openDestination } from '../../../../core/postgres/sessions.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'
import type { StepEvent } from '../../../../core/runtime/event.ts'
import type { StepTools } from '../../../../core/runtime/step-handler.ts'
import { createDatabase, type DatabaseForm } from './destination-database.ts'

/** Databases that every server has for work on others; ApsaraDB and RDS have them too. */
const maintenanceDatabases = ['postgres', 'template1']

/** A session to the destination's database, which is made first where there is none. */
export async function openOrCreateDatabase(event: StepEvent, step: StepTools, form: DatabaseForm): Promise<Session> {
  const options = { purpose: 'plan', signal: step.signal }
  try {
    return await openDestination(event, step.environment, options)
  } catch (thrown) {
    if (!isDatabaseMissing(thrown)) throw thrown
  }
  const name = event.database?.as ?? form.name
  const maintenance = await openMaintenance(event, step)
  try {
    // One that appeared meanwhile is as good.
    await createDatabase(maintenance, name, form)
  } catch (thrown) {
    if (!(thrown instanceof SampanError) || thrown.code !== 'DST_CREATE_DATABASE_DENIED') throw thrown
    await orderDatabase(event, step, name, form, maintenance, thrown)
  } finally {
    await maintenance.close()
  }
  return openDestination(event, step.environment, options)
}

/** What the SQL account may not do, the access key of the cloud may: by libc, as the precheck has told (`COLLATION_DIFFERS`). */
async function orderDatabase(
  event: StepEvent,
  step: StepTools,
  name: string,
  { encoding, collate, ctype }: DatabaseForm,
  maintenance: Session,
  denied: SampanError,
): Promise<void> {
  const { apsaraInstance: instance, region } = event.task.destination
  if (instance === undefined || region === undefined) throw denied
  const [me] = await maintenance.rows<{ name: string }>('SELECT session_user::text AS name')
  const order = { region, instance, name, encoding, collate, ctype, account: me?.name ?? '' }
  await makeApsaraDatabase(step.environment, order, step.signal)
  step.logger.info('DATABASE_ORDERED', { name, instance })
}

async function openMaintenance(event: StepEvent, step: StepTools): Promise<Session> {
  let last: unknown
  for (const database of maintenanceDatabases) {
    try {
      return await openDestination(event, step.environment, { purpose: 'plan', signal: step.signal, database })
    } catch (thrown) {
      if (!isDatabaseMissing(thrown)) throw thrown
      last = thrown
    }
  }
  throw last
}

function isDatabaseMissing(thrown: unknown): boolean {
  return thrown instanceof ConnectError && thrown.sqlState === '3D000'
}
