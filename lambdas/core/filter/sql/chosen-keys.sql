-- $1 names. Foreign keys with these names: their columns in pairs, and by which operator a parent's is compared with a child's. Keys of
-- periods (18) are not of equal values.
SELECT k.conname::text AS name, k.conrelid AS child, k.confrelid AS parent, pairs.columns, pairs."parentColumns", pairs.operators,
       COALESCE((pg_catalog.row_to_json(k) ->> 'conperiod')::pg_catalog.bool, false) AS period
  FROM pg_catalog.pg_constraint AS k
 CROSS JOIN LATERAL (
   -- What may be NULL only: a condition that is nothing but EXISTS can be planned as a join.
   SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'nullable', NOT a.attnotnull) ORDER BY u.place) AS columns,
          pg_catalog.array_agg(pa.attname::text ORDER BY u.place) AS "parentColumns",
          pg_catalog.array_agg(pg_catalog.format('%I.%s', n.nspname, o.oprname) ORDER BY u.place) AS operators
     FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
          WITH ORDINALITY AS u(own, theirs, operator, place)
     JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.own
     JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.theirs
     JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace) AS pairs
 WHERE k.contype = 'f' AND k.conname = ANY ($1::pg_catalog.name[])
 ORDER BY k.conrelid, k.conname
