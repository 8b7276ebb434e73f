ALTER TABLE sampan.relation
  -- What the source reads in place of a column, as SQL of the column's type: one for each of "columns", null for the column itself. Null as
  -- a whole: every column as it is.
  ADD COLUMN expressions text[],
  -- About how many rows the source has of a table whose rows the task filters; null where it has never counted them.
  ADD COLUMN rows_estimated bigint;
