-- $1 run, $2 bytes below which a part is small, $3 how many small parts go together.
SELECT claimed.id, claimed.relation,
       -- A page's number of its first place, or a large object's id.
       pg_catalog.split_part(pg_catalog.ltrim(claimed.lower, '('), ',', 1) AS lower,
       pg_catalog.split_part(pg_catalog.ltrim(claimed.upper, '('), ',', 1) AS upper,
       d.schema, d.name, d.columns, r.tree, d.digest_sql AS "digestSql", d.condition AS "where", r.beside IS NOT NULL AS beside
  FROM sampan.claim_digest_parts($1, $2, $3) claimed
  JOIN sampan.relation r ON r.run = claimed.run AND r.oid = claimed.relation
 CROSS JOIN LATERAL sampan.destination_of(r) d
