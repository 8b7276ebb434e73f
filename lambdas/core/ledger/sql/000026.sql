-- Tables that stood on the destination before the run are empty when its first rows come into them: looked at with a lock that keeps others from
-- writing until these are committed. Once a receipt says that rows have come, there are some. In the order of oids, so that no two lanes wait for
-- each other. ONLY: what inherits from a table may be another one's.
CREATE FUNCTION sampan.require_empty(run_id text, relations oid[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  one record;
  filled boolean;
BEGIN
  FOR one IN
    SELECT r.oid, format('%s%I.%I', CASE WHEN r.tree THEN '' ELSE 'ONLY ' END, d.schema, d.name) AS rows_of, d.schema || '.' || d.name AS title
      FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
     WHERE r.run = run_id AND r.oid = ANY (relations)
     ORDER BY r.oid
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.relation = one.oid AND c.rows IS NOT NULL);
    BEGIN
      EXECUTE 'LOCK TABLE ' || one.rows_of || ' IN SHARE ROW EXCLUSIVE MODE';
      -- Another lane's may have come meanwhile. Then the lock is let go, with what was done since BEGIN: the lane copies beside the others.
      IF EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.relation = one.oid AND c.rows IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'SP012', MESSAGE = 'rows have come';
      END IF;
      EXECUTE 'SELECT EXISTS (SELECT FROM ' || one.rows_of || ')' INTO filled;
      IF filled THEN
        RAISE EXCEPTION USING ERRCODE = 'SP011', MESSAGE = format('somebody has written into %s since the plan found it empty or had it emptied', one.title);
      END IF;
    EXCEPTION WHEN SQLSTATE 'SP012' THEN NULL;
    END;
  END LOOP;
END $$;
