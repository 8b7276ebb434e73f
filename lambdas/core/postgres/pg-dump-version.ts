/** The vendored pg_dump's own version. A test compares it with what its archives say. */
export const PG_DUMP_VERSION = '18.3'
