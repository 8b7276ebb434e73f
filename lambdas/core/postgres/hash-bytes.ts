/** `hash_array_extended` exists from this `server_version_num` on. */
export const HASH_ARRAYS = 110_000

/**
 * Hashes several values of type bytea to one int8, NULLs and order kept apart; from HASH_ARRAYS on.
 *
 * `hash_array_extended` alone will not do under a sum: it is linear in its elements' hashes (31 × h₁ + h₂), so two rows
 * that exchange a column's values leave the sum over all rows as it was. The second hash makes each row's number a whole
 * that no part of it can be taken out of; it costs a fifth of the digest's time.
 * @param values SQL expressions of type bytea
 */
export function hashBytes(values: readonly string[]): string {
  const linear = `pg_catalog.hash_array_extended(ARRAY[${values.join(', ')}]::pg_catalog.bytea[], 0)`
  return `pg_catalog.hash_array_extended(ARRAY[pg_catalog.int8send(${linear})], 0)`
}
