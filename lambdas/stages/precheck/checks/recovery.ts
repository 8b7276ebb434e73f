import { type Check, passed } from '../check.ts'

const SQL = 'SELECT pg_catalog.pg_is_in_recovery() AS recovering'

export const sourceInRecovery: Check = {
  code: 'SRC_IN_RECOVERY',
  side: 'source',
  level: 'warning',
  scope: 'task',
  needs: ['source'],
  title: 'the source is a primary, not a replica',
  cause:
    'the source is a read replica: replay can cancel long reads there, and before PostgreSQL 10 it exports no snapshot',
  remedy: 'use the endpoint of the writer; else raise max_standby_streaming_delay and acknowledge this code',
  async run({ source }) {
    const [row] = await source.rows<{ recovering: boolean }>(SQL)
    return row?.recovering ? [{ cause: 'the source is in recovery: it follows another server' }] : passed
  },
}

export const destinationInRecovery: Check = {
  code: 'DST_IN_RECOVERY',
  side: 'destination',
  level: 'error',
  scope: 'task',
  needs: ['destination'],
  title: 'the destination is a primary, not a replica',
  cause: 'the destination is a read-only instance',
  remedy: 'use the endpoint of the primary instance',
  async run({ destinationServer }) {
    const [row] = await destinationServer.rows<{ recovering: boolean }>(SQL)
    return row?.recovering ? [{ cause: 'the destination is in recovery: nothing can be written to it' }] : passed
  },
}
