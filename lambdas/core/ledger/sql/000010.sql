-- How far a run is: counted by whoever changes it, in the same transaction, so that a look costs the same however much there is to do.

-- A row for the receipts of each lane and one for each other session that has changed something: nobody waits for a row of another's. Their
-- sum is how far the run is. No reference to the run: what is deleted is taken off, with the run as well.
CREATE TABLE sampan.counter (
  run          text    NOT NULL,
  slot         integer NOT NULL,                  -- a lane's number; below 0: the process id of a session on this server
  chunks       bigint  NOT NULL,
  chunks_done  bigint  NOT NULL,                  -- with a receipt: a claim marks chunks as done before it has copied them
  bytes        bigint  NOT NULL,                  -- of all chunks, estimated
  bytes_done   bigint  NOT NULL,
  rows         bigint  NOT NULL,
  objects      bigint  NOT NULL,
  objects_done bigint  NOT NULL,
  indexes      bigint  NOT NULL,                  -- what is made beside the rows: indexes and keys
  indexes_done bigint  NOT NULL,
  parts        bigint  NOT NULL,                  -- of the destination, to be digested
  parts_done   bigint  NOT NULL,
  PRIMARY KEY (run, slot)
) WITH (fillfactor = 20);

-- Adds to the counts of a lane, or of this session where that is null. What changes nothing locks nothing.
CREATE FUNCTION sampan.add_counts(
  run_id text, lane integer,
  chunks bigint DEFAULT 0, chunks_done bigint DEFAULT 0, bytes bigint DEFAULT 0, bytes_done bigint DEFAULT 0, rows bigint DEFAULT 0,
  objects bigint DEFAULT 0, objects_done bigint DEFAULT 0, indexes bigint DEFAULT 0, indexes_done bigint DEFAULT 0,
  parts bigint DEFAULT 0, parts_done bigint DEFAULT 0
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF chunks = 0 AND chunks_done = 0 AND bytes = 0 AND bytes_done = 0 AND rows = 0 AND objects = 0 AND objects_done = 0
     AND indexes = 0 AND indexes_done = 0 AND parts = 0 AND parts_done = 0 THEN RETURN; END IF;
  INSERT INTO sampan.counter AS n
  VALUES (run_id, COALESCE(lane, - pg_backend_pid()), chunks, chunks_done, bytes, bytes_done, rows,
          objects, objects_done, indexes, indexes_done, parts, parts_done)
  ON CONFLICT ON CONSTRAINT counter_pkey DO UPDATE
    SET chunks = n.chunks + EXCLUDED.chunks, chunks_done = n.chunks_done + EXCLUDED.chunks_done,
        bytes = n.bytes + EXCLUDED.bytes, bytes_done = n.bytes_done + EXCLUDED.bytes_done, rows = n.rows + EXCLUDED.rows,
        objects = n.objects + EXCLUDED.objects, objects_done = n.objects_done + EXCLUDED.objects_done,
        indexes = n.indexes + EXCLUDED.indexes, indexes_done = n.indexes_done + EXCLUDED.indexes_done,
        parts = n.parts + EXCLUDED.parts, parts_done = n.parts_done + EXCLUDED.parts_done;
END $$;

-- A lane's row is locked by its receipts alone, behind which it commits at once: a claim is held for as long as the rows travel.
CREATE FUNCTION sampan.count_chunks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM sampan.add_counts(c.run, NULL, chunks => count(*), chunks_done => count(c.rows), bytes => sum(c.bytes)::bigint,
              bytes_done => COALESCE(sum(c.bytes) FILTER (WHERE c.rows IS NOT NULL), 0)::bigint, rows => COALESCE(sum(c.rows), 0)::bigint)
       FROM come c GROUP BY c.run;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM sampan.add_counts(c.run, NULL, chunks => - count(*), chunks_done => - count(c.rows), bytes => - sum(c.bytes)::bigint,
              bytes_done => - COALESCE(sum(c.bytes) FILTER (WHERE c.rows IS NOT NULL), 0)::bigint, rows => - COALESCE(sum(c.rows), 0)::bigint)
       FROM gone c GROUP BY c.run;
  ELSE
    PERFORM sampan.add_counts(a.run, CASE WHEN a.done > b.done THEN a.lane END, chunks_done => a.done - b.done,
              bytes => (a.bytes - b.bytes)::bigint, bytes_done => (a.bytes_done - b.bytes_done)::bigint, rows => (a.rows - b.rows)::bigint)
       FROM (SELECT c.run, max(c.lane) AS lane, count(c.rows) AS done, sum(c.bytes) AS bytes, COALESCE(sum(c.rows), 0) AS rows,
                    COALESCE(sum(c.bytes) FILTER (WHERE c.rows IS NOT NULL), 0) AS bytes_done FROM come c GROUP BY c.run) a
       JOIN (SELECT c.run, count(c.rows) AS done, sum(c.bytes) AS bytes, COALESCE(sum(c.rows), 0) AS rows,
                    COALESCE(sum(c.bytes) FILTER (WHERE c.rows IS NOT NULL), 0) AS bytes_done FROM gone c GROUP BY c.run) b USING (run);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION sampan.count_objects() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM sampan.add_counts(o.run, NULL, objects => count(*), objects_done => count(*) FILTER (WHERE o.status <> 'pending'),
              indexes => count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip'),
              indexes_done => count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip' AND o.status <> 'pending'))
       FROM come o GROUP BY o.run;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM sampan.add_counts(o.run, NULL, objects => - count(*), objects_done => - count(*) FILTER (WHERE o.status <> 'pending'),
              indexes => - count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip'),
              indexes_done => - count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip' AND o.status <> 'pending'))
       FROM gone o GROUP BY o.run;
  ELSE
    PERFORM sampan.add_counts(a.run, NULL, objects_done => a.done - b.done, indexes => a.indexes - b.indexes,
              indexes_done => a.indexes_done - b.indexes_done)
       FROM (SELECT o.run, count(*) FILTER (WHERE o.status <> 'pending') AS done,
                    count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip') AS indexes,
                    count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip' AND o.status <> 'pending') AS indexes_done
               FROM come o GROUP BY o.run) a
       JOIN (SELECT o.run, count(*) FILTER (WHERE o.status <> 'pending') AS done,
                    count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip') AS indexes,
                    count(*) FILTER (WHERE o.stage = 'index' AND o.verdict <> 'skip' AND o.status <> 'pending') AS indexes_done
               FROM gone o GROUP BY o.run) b USING (run);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION sampan.count_parts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM sampan.add_counts(p.run, NULL, parts => count(*), parts_done => count(*) FILTER (WHERE p.state = 'done')) FROM come p GROUP BY p.run;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM sampan.add_counts(p.run, NULL, parts => - count(*), parts_done => - count(*) FILTER (WHERE p.state = 'done')) FROM gone p GROUP BY p.run;
  ELSE
    PERFORM sampan.add_counts(a.run, NULL, parts_done => a.done - b.done)
       FROM (SELECT p.run, count(*) FILTER (WHERE p.state = 'done') AS done FROM come p GROUP BY p.run) a
       JOIN (SELECT p.run, count(*) FILTER (WHERE p.state = 'done') AS done FROM gone p GROUP BY p.run) b USING (run);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER count_new AFTER INSERT ON sampan.chunk REFERENCING NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_chunks();
CREATE TRIGGER count_changed AFTER UPDATE ON sampan.chunk REFERENCING OLD TABLE AS gone NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_chunks();
CREATE TRIGGER count_gone AFTER DELETE ON sampan.chunk REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_chunks();
CREATE TRIGGER count_new AFTER INSERT ON sampan.object REFERENCING NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_objects();
CREATE TRIGGER count_changed AFTER UPDATE ON sampan.object REFERENCING OLD TABLE AS gone NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_objects();
CREATE TRIGGER count_gone AFTER DELETE ON sampan.object REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_objects();
CREATE TRIGGER count_new AFTER INSERT ON sampan.digest_part REFERENCING NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_parts();
CREATE TRIGGER count_changed AFTER UPDATE ON sampan.digest_part REFERENCING OLD TABLE AS gone NEW TABLE AS come
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_parts();
CREATE TRIGGER count_gone AFTER DELETE ON sampan.digest_part REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.count_parts();

-- What a run that was begun before has come to. The triggers hold off every writer until this is committed.
INSERT INTO sampan.counter
SELECT r.id, - pg_catalog.pg_backend_pid(), c.*, o.*, p.*
  FROM sampan.run r,
       LATERAL (SELECT pg_catalog.count(*), pg_catalog.count(rows), COALESCE(pg_catalog.sum(bytes), 0),
                       COALESCE(pg_catalog.sum(bytes) FILTER (WHERE rows IS NOT NULL), 0), COALESCE(pg_catalog.sum(rows), 0)
                  FROM sampan.chunk WHERE run = r.id) c,
       LATERAL (SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE status <> 'pending'),
                       pg_catalog.count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip'),
                       pg_catalog.count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip' AND status <> 'pending')
                  FROM sampan.object WHERE run = r.id) o,
       LATERAL (SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE state = 'done') FROM sampan.digest_part WHERE run = r.id) p;

-- Whether a chunk has no receipt in the newest view, held by a lane or not. Each question has an index that holds what it looks for.
CREATE FUNCTION sampan.has_open_chunks(run_id text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
  RETURN EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'pending' AND c.attempts <= 2)
      OR EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'pending' AND c.attempts > 2)
      OR EXISTS (SELECT FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'done' AND c.generation < (
                        SELECT COALESCE(max(s.generation), 0) FROM sampan.snapshot s WHERE s.run = run_id));
END $$;

-- How many there are: reads those, and none that has its receipt.
CREATE FUNCTION sampan.count_open_chunks(run_id text) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
  RETURN (SELECT count(*) FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'pending' AND c.attempts <= 2)
       + (SELECT count(*) FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'pending' AND c.attempts > 2)
       + (SELECT count(*) FROM sampan.chunk c WHERE c.run = run_id AND c.state = 'done' AND c.generation < (
                 SELECT COALESCE(max(s.generation), 0) FROM sampan.snapshot s WHERE s.run = run_id));
END $$;

-- Parts that are still to be read come and go by an index as well.
CREATE FUNCTION sampan.count_open_parts(run_id text) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
  RETURN (SELECT count(*) FROM sampan.digest_part p WHERE p.run = run_id AND p.state = 'pending');
END $$;
