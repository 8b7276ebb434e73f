-- Large objects have one file and one count for all of them: their pages, and which of them there are. Rights on them are none of it.
CREATE FUNCTION sampan.writes_to_large_objects()
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('%s %s %s %s %s',
                pg_stat_get_tuples_inserted('pg_largeobject'::regclass), pg_stat_get_tuples_updated('pg_largeobject'::regclass),
                pg_stat_get_tuples_deleted('pg_largeobject'::regclass), pg_stat_get_tuples_inserted('pg_largeobject_metadata'::regclass),
                pg_stat_get_tuples_deleted('pg_largeobject_metadata'::regclass))
$$;

CREATE OR REPLACE FUNCTION sampan.note_writes(run_id text, relations oid[])
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  UPDATE sampan.relation r
     SET compared_again = CASE WHEN relations IS NULL THEN 0 ELSE r.compared_again END,
         compared_at_writes = CASE
           WHEN r.oid = 0 THEN sampan.writes_to_large_objects()
           ELSE (SELECT sampan.writes_of(c.oid) FROM sampan.destination_of(r) d
                   JOIN pg_namespace n ON n.nspname = d.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = d.name) END
   WHERE r.run = run_id AND (relations IS NULL OR r.oid = ANY (relations))
$$;
