-- Extensions whose comment is not the one that came with them, as pg_dump tags the comment.
SELECT 'EXTENSION ' || pg_catalog.quote_ident(x.extname) AS tag
  FROM pg_catalog.pg_extension x
  JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0
  JOIN pg_catalog.pg_available_extensions a ON a.name = x.extname
 WHERE d.description IS DISTINCT FROM a.comment
