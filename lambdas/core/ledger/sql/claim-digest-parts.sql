-- $1 run, $2 bytes below which a part is small, $3 how many small parts go together.
SELECT claimed.id, claimed.relation, claimed.lower, claimed.upper, r.schema, r.name, r.tree, r.digest_sql AS "digestSql",
       r.condition AS "where"
  FROM sampan.claim_digest_parts($1, $2, $3) claimed
  JOIN sampan.relation r ON r.run = claimed.run AND r.oid = claimed.relation
