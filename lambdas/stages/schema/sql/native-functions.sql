-- Functions of the user's whose code is a shared library's or the server's own: only a superuser may make them.
SELECT p.oid, l.lanname::text AS language
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
 WHERE l.lanname IN ('c', 'internal') AND p.oid >= 16384
