-- A table whose rows the task filters: "condition" is the source's alone, and all rows of the destination's are the run's.
ALTER TABLE sampan.relation ADD COLUMN filtered boolean NOT NULL DEFAULT false;

CREATE OR REPLACE FUNCTION sampan.destination_of(r sampan.relation)
RETURNS TABLE (schema text, name text, columns text[], condition text, digest_sql text) LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT COALESCE(r.destination_schema, r.schema), COALESCE(r.destination_name, r.name), COALESCE(r.destination_columns, r.columns),
         CASE WHEN NOT r.filtered THEN COALESCE(r.destination_condition, r.condition) END,
         COALESCE(r.destination_digest_sql, r.digest_sql)
$$;
