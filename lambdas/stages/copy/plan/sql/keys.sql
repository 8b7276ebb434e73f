-- $1 oids of tables, $2 true: only primary keys (18 and later: other columns may be NOT NULL by a constraint that is not
-- valid yet). For each table the key by which ranges of rows lie together best: unique, of types whose order is certain,
-- never NULL. Text only in collation C: an index in another one may be out of order since the operating system's collations
-- changed, and a range scan on it would lose rows without a word.
SELECT DISTINCT ON (i.indrelid)
       i.indrelid AS relation,
       k.names,
       s.correlation::float8 AS correlation,
       CASE WHEN pg_catalog.array_length(k.names, 1) = 1
            THEN s.histogram_bounds::pg_catalog.text::pg_catalog.text[] END AS bounds,
       c.relpages::float8 AS "analyzedPages"
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_am am ON am.oid = x.relam AND am.amname = 'btree'
 CROSS JOIN LATERAL (
       SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY u.ordinality) AS names,
              pg_catalog.bool_and(
                a.attnotnull AND o.opcdefault
                AND (t.typname IN ('int2', 'int4', 'int8', 'oid', 'numeric', 'uuid', 'date', 'timestamp', 'timestamptz')
                     OR t.typname IN ('text', 'varchar') AND u.coll = a.attcollation
                        AND (l.collname IN ('C', 'POSIX')
                             OR l.collname = 'default' AND d.datcollate IN ('C', 'POSIX')
                                AND COALESCE(pg_catalog.row_to_json(d) ->> 'datlocprovider', 'c') = 'c'))
              ) AS usable
         FROM ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass), pg_catalog.unnest(i.indcollation))
              WITH ORDINALITY AS u(attnum, opclass, coll, ordinality)
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
         LEFT JOIN pg_catalog.pg_opclass o ON o.oid = u.opclass
         LEFT JOIN pg_catalog.pg_type t
           ON t.oid = a.atttypid AND t.typnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
         LEFT JOIN pg_catalog.pg_collation l ON l.oid = u.coll
         LEFT JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
        -- Columns that an index only includes (11 and later) have no operator class.
        WHERE u.opclass IS NOT NULL
       ) k
  LEFT JOIN pg_catalog.pg_stats s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = k.names[1] AND NOT s.inherited
 WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisunique AND i.indisvalid AND i.indimmediate
   AND i.indpred IS NULL AND i.indexprs IS NULL AND k.usable AND (i.indisprimary OR NOT $2::pg_catalog.bool)
 ORDER BY i.indrelid, pg_catalog.abs(s.correlation) DESC NULLS LAST, pg_catalog.array_length(k.names, 1), i.indexrelid
