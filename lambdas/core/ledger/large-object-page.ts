/** Bytes of one page of a large object as it travels and is digested: small enough for any memory. */
export const LARGE_OBJECT_PAGE_BYTES = 262_144

/** What pages are copied into: a table of the ledger that is empty again before the transaction ends. Frames stay unread here too. */
export const LARGE_OBJECT_PAGE_COPY = 'sampan.large_object_page (loid, page, data)'

/** `INV_WRITE` of libpq-fs.h. */
const WRITE = 0x20000

/** Makes large objects of the pages that were copied in, in place of those of the same ids. */
export const LARGE_OBJECTS_WRITTEN = `
      SELECT pg_catalog.lo_create(missing.loid) FROM (
        SELECT DISTINCT p.loid FROM sampan.large_object_page p
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = p.loid)) missing;
      SELECT pg_catalog.lo_truncate64(pg_catalog.lo_open(known.loid, ${WRITE}), 0)
        FROM (SELECT DISTINCT loid FROM sampan.large_object_page) known;
      SELECT pg_catalog.lo_put(loid, page * ${LARGE_OBJECT_PAGE_BYTES}::bigint, data) FROM sampan.large_object_page
       WHERE page >= 0;
      DELETE FROM sampan.large_object_page`
