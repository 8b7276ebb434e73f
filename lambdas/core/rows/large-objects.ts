import { LARGE_OBJECT_PAGE_BYTES } from '../ledger/large-object-page.ts'
import { hashBytes } from '../postgres/hash-bytes.ts'

/** `INV_READ` of libpq-fs.h. */
const READ = 0x40000

/**
 * A query over every page of the large objects with `lower <= oid < upper`: `loid, page, data`. Each object has a page -1
 * without bytes beside its own ones: an object without a byte travels too, and counts. Works with the `lo_*`
 * functions alone, because `pg_largeobject` itself is closed to everybody but superusers (on RDS it is rdsadmin's).
 * The descriptor is closed as soon as the size is known: a lane's transaction is long.
 */
export function largeObjectPages(lower: string | null, upper: string | null): string {
  return `SELECT o.loid, p.page, CASE WHEN p.page < 0 THEN ''::bytea
                               ELSE pg_catalog.lo_get(o.loid, p.page * ${LARGE_OBJECT_PAGE_BYTES}::bigint, ${LARGE_OBJECT_PAGE_BYTES}) END AS data
    FROM (${sizedObjects(lower, upper)}) o,
         LATERAL pg_catalog.generate_series(-1, ${FULL_PAGES} - 1) AS p(page)`
}

const FULL_PAGES = `((o.size + ${LARGE_OBJECT_PAGE_BYTES - 1}) / ${LARGE_OBJECT_PAGE_BYTES})::integer`

/** How many of those pages there are, without reading one: a query of one number. */
export function largeObjectPageCount(lower: string | null, upper: string | null): string {
  return `SELECT COALESCE(pg_catalog.sum(1 + ${FULL_PAGES}), 0)::float8 AS pages FROM (${sizedObjects(lower, upper)}) o`
}

/** The condition that an id is within `lower` (inclusive) and `upper` (exclusive), either of them open where null. */
export function withinIds(id: string, { lower, upper }: { lower: string | null; upper: string | null }): string {
  const bounds = [
    lower === null ? null : `${id} >= ${Number(lower)}::pg_catalog.oid`,
    upper === null ? null : `${id} < ${Number(upper)}::pg_catalog.oid`,
  ].filter((condition) => condition !== null)
  return bounds.length === 0 ? 'true' : bounds.join(' AND ')
}

function sizedObjects(lower: string | null, upper: string | null): string {
  const where = `WHERE ${withinIds('m.oid', { lower, upper })}`
  return `SELECT sized.loid, sized.size, pg_catalog.lo_close(sized.fd)
            FROM (SELECT opened.loid, opened.fd, pg_catalog.lo_lseek64(opened.fd, 0, 2) AS size
                    FROM (SELECT m.oid AS loid, pg_catalog.lo_open(m.oid, ${READ}) AS fd
                            FROM pg_catalog.pg_largeobject_metadata m ${where} ORDER BY m.oid OFFSET 0) opened
                  OFFSET 0) sized
          OFFSET 0`
}

/**
 * Count and digest of those pages, as a query of one row: `count, digest`, both text.
 * @param modern both servers know `hash_array_extended` (11 and later)
 */
export function largeObjectDigest(lower: string | null, upper: string | null, modern: boolean): string {
  return `SELECT pg_catalog.count(*)::text, COALESCE(pg_catalog.sum(${pageHash(modern)}), 0)::text FROM (${largeObjectPages(lower, upper)}) pages`
}

/** The same for each large object: `oid, pages, digest`, all text, in the order of the ids. */
export function largeObjectDigests(lower: string | null, upper: string | null, modern: boolean): string {
  return `SELECT loid::text AS oid, pg_catalog.count(*)::text AS pages, pg_catalog.sum(${pageHash(modern)})::text AS digest
    FROM (${largeObjectPages(lower, upper)}) pages GROUP BY loid ORDER BY loid`
}

function pageHash(modern: boolean): string {
  return modern
    ? hashBytes(['pg_catalog.oidsend(loid)', 'pg_catalog.int4send(page)', 'data'])
    : `('x' || pg_catalog.substr(pg_catalog.md5(loid::text || ':' || page::text || ':' || pg_catalog.encode(data, 'hex')), 1, 16))::bit(64)::bigint`
}
