/** Bytes of one page of a large object as it travels and is digested: small enough for any memory. */
export const LARGE_OBJECT_PAGE_BYTES = 262_144

/** What pages are copied into: a table of the ledger that is empty again before the transaction ends. Frames stay unread here too. */
export const LARGE_OBJECT_PAGE_COPY = 'sampan.large_object_page (loid, page, data)'

/** `INV_WRITE` of libpq-fs.h. */
const WRITE = 0x20000

/**
 * Makes large objects of the pages that were copied in, in place of those of the same ids. What an earlier copy of the range has made and
 * the source has no more goes: a view that was taken anew may be without it. What somebody else has made stays, and is found by Validate.
 * @param within condition on `made.oid`: the range that was copied
 */
export function largeObjectsWritten(within: string): string {
  return `
      WITH gone AS (
        DELETE FROM sampan.large_object_made made
         WHERE ${within} AND NOT EXISTS (SELECT FROM sampan.large_object_page p WHERE p.loid = made.oid) RETURNING made.oid)
      SELECT pg_catalog.lo_unlink(m.oid) FROM gone JOIN pg_catalog.pg_largeobject_metadata m ON m.oid = gone.oid;
      WITH missing AS (
        SELECT DISTINCT p.loid FROM sampan.large_object_page p
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = p.loid)),
      made AS (INSERT INTO sampan.large_object_made (oid) SELECT loid FROM missing ON CONFLICT DO NOTHING)
      SELECT pg_catalog.lo_create(loid) FROM missing;
      SELECT pg_catalog.lo_truncate64(pg_catalog.lo_open(known.loid, ${WRITE}), 0)
        FROM (SELECT DISTINCT loid FROM sampan.large_object_page) known;
      SELECT pg_catalog.lo_put(loid, page * ${LARGE_OBJECT_PAGE_BYTES}::bigint, data) FROM sampan.large_object_page
       WHERE page >= 0;
      DELETE FROM sampan.large_object_page`
}
