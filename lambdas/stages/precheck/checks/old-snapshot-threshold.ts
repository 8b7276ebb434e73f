import { type Check, findingOf } from '../check.ts'

export const oldSnapshotThreshold: Check = {
  code: 'SRC_OLD_SNAPSHOT_THRESHOLD',
  side: 'source',
  level: 'warning',
  scope: 'task',
  needs: ['source'],
  title: 'the source lets a snapshot grow old',
  cause: 'old_snapshot_threshold is set: a copy that takes longer ends with "snapshot too old"',
  remedy: 'set old_snapshot_threshold to -1 (parameter group, reboot), or acknowledge this code for a short copy',
  async run({ source }) {
    // The parameter came with 9.6 and went with 17; where it is unknown there is no row.
    const rows = await source.rows<{ setting: string }>(
      `SELECT setting FROM pg_catalog.pg_settings WHERE name = 'old_snapshot_threshold' AND setting <> '-1'`,
    )
    return findingOf(
      rows.map((row) => `old_snapshot_threshold = ${row.setting} min`),
      () => 'the source throws away what an old snapshot needs',
    )
  },
}
