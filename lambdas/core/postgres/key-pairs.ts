/**
 * The columns of a foreign key `k` (pg_constraint) in pairs, in the key's order, and how a parent's is compared with a child's: the SQL
 * between the two. Where their collations differ it is the parent's, as PostgreSQL's own check has it (ri_GenerateQualCollation); without
 * a word of it the server refuses to compare them (42P22).
 */
export const KEY_PAIRS = `
  SELECT pg_catalog.array_agg(a.attname::text ORDER BY u.place) AS columns,
         pg_catalog.json_agg(NOT a.attnotnull ORDER BY u.place) AS nullable,
         pg_catalog.array_agg(pa.attname::text ORDER BY u.place) AS "parentColumns",
         pg_catalog.array_agg(pg_catalog.concat(
           ' COLLATE ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname) || ' ',
           pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)) ORDER BY u.place) AS operators
    FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
         WITH ORDINALITY AS u(own, theirs, operator, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.own
    JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.theirs
    JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace
    LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = pa.attcollation AND pa.attcollation <> a.attcollation
    LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.collnamespace`

/** Whether the key `k` is one of periods (18), which are not of equal values. */
export const OF_PERIODS = `COALESCE((pg_catalog.row_to_json(k) ->> 'conperiod')::pg_catalog.bool, false)`
