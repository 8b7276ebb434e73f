-- $1 run, $2 bytes of a part, $3 true where TID ranges are range scans (14 and later).
-- The destination is cut by its own pages; a table that is not there gets no part, and Seal says so.
INSERT INTO sampan.digest_part (run, id, relation, lower, upper, bytes)
SELECT $1, pg_catalog.row_number() OVER (ORDER BY size.schema, size.name, piece.number)::integer, size.oid,
       CASE WHEN piece.number > 0 THEN pg_catalog.format('(%s,0)', piece.number * size.pages_per_part) END,
       CASE WHEN piece.number < size.parts - 1
            THEN pg_catalog.format('(%s,0)', (piece.number + 1) * size.pages_per_part) END,
       size.bytes / size.parts
  FROM (SELECT counted.*, pg_catalog.ceil(counted.pages::numeric / counted.parts)::bigint AS pages_per_part
          FROM (SELECT measured.*,
                       CASE WHEN NOT $3 THEN 1
                            -- Each part reads the hashes of all rows that came: few parts, and a table that is read in a minute or two whole.
                            WHEN measured.beside THEN GREATEST(1, LEAST(measured.bytes / 8000000000, measured.pages, 16))
                            ELSE GREATEST(1, LEAST(measured.bytes / $2, measured.pages)) END AS parts
                  FROM (SELECT r.oid, d.schema, d.name,
                               -- Rows came beside others: they are found by their hashes alone.
                               r.beside IS NOT NULL AS beside,
                               -- Two files for each table; pg_table_size would look at a dozen.
                               pg_catalog.pg_relation_size(c.oid)
                                 + COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid), 0) AS bytes,
                               pg_catalog.pg_relation_size(c.oid)
                                 / pg_catalog.current_setting('block_size')::bigint AS pages
                          FROM sampan.relation r
                          CROSS JOIN LATERAL sampan.destination_of(r) d
                          JOIN pg_catalog.pg_namespace n ON n.nspname = d.schema
                          JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.name
                          LEFT JOIN sampan.object o ON o.run = r.run AND o.id = r.object
                         WHERE r.run = $1 AND r.oid <> 0
                           AND COALESCE(o.status, 'migrated') NOT IN ('failed', 'blocked')) measured
               ) counted
       ) size
 CROSS JOIN LATERAL pg_catalog.generate_series(0, size.parts - 1) AS piece(number)
UNION ALL
-- Large objects have ids of their own, not pages: they are read in the pieces they were copied in.
SELECT $1, -c.id, c.relation, c.lower, c.upper, c.bytes
  FROM sampan.chunk c WHERE c.run = $1 AND c.relation = 0
