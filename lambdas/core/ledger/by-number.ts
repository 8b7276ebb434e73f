/**
 * The condition that a row of a table of the ledger is one of a run's by their numbers, each found by its key. On tables that nobody has
 * analyzed the planner takes all of a run's rows for a few, and reads them all rather than look up some dozen. For rows that the transaction
 * has claimed: one that another changes at the same moment would not be found.
 * @param run as SQL, as is `numbers`, an array of integers
 */
export function byNumber(table: 'chunk' | 'digest_part' | 'object', run: string, numbers: string): string {
  return `ctid = ANY (ARRAY(
    SELECT found.place FROM pg_catalog.unnest(${numbers}) AS wanted(id)
     CROSS JOIN LATERAL (SELECT one.ctid AS place FROM sampan.${table} one WHERE one.run = ${run} AND one.id = wanted.id OFFSET 0) found))`
}
