-- What the destination's server counts of a table when its comparison begins: another count at its end, and somebody has written meanwhile.
ALTER TABLE sampan.relation
  ADD COLUMN compared_at_writes text,
  ADD COLUMN compared_again     integer NOT NULL DEFAULT 0;

-- The file, and the rows inserted, updated and deleted so far, of a table and of all below it. TRUNCATE counts no rows; it begins another file.
CREATE FUNCTION sampan.writes_of(relation regclass)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE tree AS (
    SELECT relation::oid AS oid
    UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid
  )
  SELECT string_agg(
           format('%s %s %s %s', pg_relation_filenode(oid), pg_stat_get_tuples_inserted(oid), pg_stat_get_tuples_updated(oid),
                  pg_stat_get_tuples_deleted(oid)), ' ' ORDER BY oid)
    FROM tree
$$;

-- Of a table that is gone, and of the large objects, nothing is counted. Of all tables: it is their first comparison.
CREATE FUNCTION sampan.note_writes(run_id text, relations oid[])
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE sampan.relation r
     SET compared_again = CASE WHEN relations IS NULL THEN 0 ELSE r.compared_again END,
         compared_at_writes = (SELECT sampan.writes_of(c.oid) FROM sampan.destination_of(r) d
                                 JOIN pg_namespace n ON n.nspname = d.schema
                                 JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = d.name)
   WHERE r.run = run_id AND r.oid <> 0 AND (relations IS NULL OR r.oid = ANY (relations))
$$;
