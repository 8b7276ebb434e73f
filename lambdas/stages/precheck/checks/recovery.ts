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

const LOCKED = `SELECT source FROM pg_catalog.pg_settings
  WHERE name = 'default_transaction_read_only' AND setting = 'on' AND source IN ('configuration file', 'command line')`

export const destinationLocked: Check = {
  code: 'DST_READ_ONLY',
  side: 'destination',
  level: 'error',
  scope: 'task',
  needs: ['destination'],
  title: 'the destination takes writes',
  cause: 'the whole destination is set to be only read: by its cloud, where its storage is full, or by somebody',
  remedy: 'enlarge its storage where that is full; else set its parameter default_transaction_read_only to off',
  async run({ destinationServer }) {
    const [row] = await destinationServer.rows<{ source: string }>(LOCKED)
    return row ? [{ cause: `default_transaction_read_only is on for the whole server (${row.source})` }] : passed
  },
}
