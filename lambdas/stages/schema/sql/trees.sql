-- $1 true: both databases have one encoding; $2 true: the destination's database orders text as C does; $3 partitioned tables of whose
-- key the task computes a column. Partitioned tables (10 and
-- later) whose rows may belong to another partition on the destination; they travel through their root. pg_dump forces that for the
-- hash of an enum alone, which hashes the label's OID and not the label.
WITH RECURSIVE key AS (
  SELECT p.partrelid AS root, p.partstrat AS strategy, u.attnum, u.class, u.coll, a.atttypid AS type,
         COALESCE((pg_catalog.row_to_json(l) ->> 'collisdeterministic')::pg_catalog.bool, true) AS deterministic,
         -- Ordered by bytes on both servers.
         $1 AND (l.collname IN ('C', 'POSIX') OR l.collname = 'default' AND $2 AND d.datcollate IN ('C', 'POSIX')
                   AND COALESCE(pg_catalog.row_to_json(d) ->> 'datlocprovider', 'c') = 'c') AS plain
    FROM pg_catalog.pg_partitioned_table p
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
   CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.partattrs), pg_catalog.unnest(p.partclass), pg_catalog.unnest(p.partcollation))
         AS u(attnum, class, coll)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = u.attnum AND u.attnum > 0
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = u.coll
), inside AS (
  -- The types that a key's type is composed of, itself included.
  SELECT k.root, k.attnum, k.type FROM key k WHERE k.type IS NOT NULL
  UNION
  SELECT i.root, i.attnum, piece.type
    FROM inside i JOIN pg_catalog.pg_type t ON t.oid = i.type
   CROSS JOIN LATERAL (
     SELECT t.typbasetype AS type WHERE t.typtype = 'd'
     UNION ALL SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
     UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
                WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r
                WHERE t.oid IN (r.rngtypid, (pg_catalog.row_to_json(r) ->> 'rngmultitypid')::pg_catalog.oid)
   ) piece
), unsafe AS (
  SELECT DISTINCT k.root
    FROM key k
    LEFT JOIN inside i ON i.root = k.root AND i.attnum = k.attnum
    LEFT JOIN pg_catalog.pg_type t ON t.oid = i.type
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   -- An expression, or a comparison or hash of the user's: the destination evaluates it anew. Letters that count as one do so by a
   -- library's version.
   WHERE k.root = ANY ($3::pg_catalog.oid[]) OR k.attnum = 0 OR k.class >= 16384 OR NOT k.deterministic
      OR k.strategy = 'h' AND (t.typtype = 'e' OR n.nspname = 'pg_catalog' AND t.typname LIKE 'reg%'
                               -- The hash of a text is that of its bytes.
                               OR NOT $1 AND (t.typcollation <> 0 OR t.typcategory = 'S' OR t.typname = 'jsonb'
                                              OR n.nspname <> 'pg_catalog' AND t.typtype = 'b' AND t.typcategory <> 'A'))
      OR k.strategy = 'r' AND (t.typcollation <> 0 OR t.typcategory = 'S' OR t.typname = 'jsonb') AND k.plain IS NOT TRUE
), tree AS (
  SELECT u.root, u.root AS member FROM unsafe u
  UNION ALL
  SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member
)
SELECT t.root, pg_catalog.array_agg(t.member::pg_catalog.int8::text) AS leaves
  FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.member AND c.relkind = 'r'
 -- The topmost root of a tree takes the ones inside it along.
 WHERE NOT EXISTS (SELECT 1 FROM tree o WHERE o.member = t.root AND o.root <> t.root)
   -- Through the root the rows of a foreign partition would be read too, which are not the source's own.
   AND NOT EXISTS (SELECT 1 FROM tree o JOIN pg_catalog.pg_class f ON f.oid = o.member
                    WHERE o.root = t.root AND f.relkind = 'f')
 GROUP BY t.root
