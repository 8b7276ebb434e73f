import type { Session } from '../../postgres/connect.ts'
import { ConnectError } from '../../postgres/connect-errors.ts'
import { openDestination } from '../../postgres/sessions.ts'
import type { StepEvent } from '../../runtime/event.ts'
import type { StepTools } from '../../runtime/step-handler.ts'
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
    await createDatabase(maintenance, name, form)
  } finally {
    await maintenance.close()
  }
  return openDestination(event, step.environment, options)
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
