import { PROMISED_SINCE } from '../../../../core/filter/keys.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { foreignKeySteps, partitionedKey, type Steps, sameKey } from '../steps.ts'
import type { PartitionTrees } from './partitions.ts'

/** From here on a key that is added to a partitioned table takes over its partitions' equal ones. */
const TAKEN_OVER_SINCE = 120_000

type Key = Pick<PlannedObject, 'id' | 'kind' | 'sql' | 'dependencies'>

export interface KeySurroundings {
  readonly run: string
  readonly destinationVersion: number
  readonly objects: ReadonlyMap<number, Key>
  /** All foreign keys, this one included. */
  readonly keys: readonly Key[]
  /** Objects that are partitioned tables. */
  readonly partitioned: ReadonlySet<number>
  readonly trees: PartitionTrees
  /** Bytes up to which a partition is small. */
  readonly small: number
}

/**
 * The steps of a large foreign key, null where it is made in one. Which ways give what the one statement gives was found by
 * comparing catalogues (test/stages/schema/partitioned-keys.test.ts).
 */
export function stepsOfForeignKey(key: Key, around: KeySurroundings): Steps | null {
  const { destinationVersion: version, partitioned, small } = around
  const parted = partitionedKey(key.sql, { run: around.run, object: key.id, version, small })
  if (parted === null) {
    // Before 18 the copies of a key for the partitions that it references are not validated with it.
    if (version < PROMISED_SINCE && referencesPartitioned(key, around)) return null
    return foreignKeySteps(key.sql)
  }
  if (version >= PROMISED_SINCE) return parted
  const tables = key.dependencies.filter((id) => around.objects.get(id)?.kind === 'TABLE')
  const [table, ...others] = tables.filter((id) => partitioned.has(id))
  const referencesPlain = tables.some((id) => !partitioned.has(id))
  if (version < TAKEN_OVER_SINCE || table === undefined || others.length > 0 || !referencesPlain) return null
  // Of several keys that are equal for a partition the server takes over any one.
  const relatives = around.trees.relatives(table)
  const mixed = around.keys.some(
    (other) =>
      other.id !== key.id &&
      (other.dependencies.some((id) => relatives.has(id)) ||
        (other.dependencies.includes(table) && sameKey(other.sql, key.sql))),
  )
  return mixed ? null : parted
}

/** Whether a partitioned table is among what a key needs; the key or index that it references may be all that says so. */
function referencesPartitioned(
  { dependencies }: Pick<Key, 'dependencies'>,
  around: Pick<KeySurroundings, 'objects' | 'partitioned'>,
): boolean {
  return dependencies.some((id) => {
    const needed = around.objects.get(id)
    if (needed?.kind === 'TABLE') return around.partitioned.has(id)
    return needed?.kind === 'CONSTRAINT' || needed?.kind === 'INDEX' ? referencesPartitioned(needed, around) : false
  })
}
