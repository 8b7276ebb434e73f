-- Where a relation's rows go: null is what the source calls it, so that a run begun before goes on as it was planned.
ALTER TABLE sampan.relation
  ADD COLUMN destination_schema text,
  ADD COLUMN destination_name text,
  ADD COLUMN destination_columns text[],          -- one for each of "columns", in their order
  ADD COLUMN destination_condition text,          -- "condition" in the destination's names
  ADD COLUMN destination_digest_sql text,         -- "digest_sql" in the destination's names
  ADD COLUMN destination_text_digest_sql text;    -- "text_digest_sql" in the destination's names

-- A relation as the destination has it: whoever looks for one there takes its names from here. A function of the row and no view, which
-- would be joined to the relation it is made of: tables that nobody has analyzed are joined by the square of their rows.
CREATE FUNCTION sampan.destination_of(r sampan.relation)
RETURNS TABLE (schema text, name text, columns text[], condition text, digest_sql text) LANGUAGE sql STABLE ROWS 1 AS $$
  SELECT COALESCE(r.destination_schema, r.schema), COALESCE(r.destination_name, r.name), COALESCE(r.destination_columns, r.columns),
         COALESCE(r.destination_condition, r.condition), COALESCE(r.destination_digest_sql, r.digest_sql)
$$;
