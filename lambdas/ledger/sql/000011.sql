-- The foreign key of a large partitioned table is validated partition by partition, by as many lanes as there are. Each part is
-- one partition, or some small ones.
CREATE TABLE sampan.key_part (
  run          text    NOT NULL,
  object       integer NOT NULL,
  part         integer NOT NULL,
  works_on     text    NOT NULL,                  -- its first partition, as SQL; of that one's long steps one at a time
  sql          text    NOT NULL,
  bytes        bigint  NOT NULL,
  done_at      timestamptz,                       -- receipt
  PRIMARY KEY (run, object, part),
  FOREIGN KEY (run, object) REFERENCES sampan.object ON DELETE CASCADE
);

-- The first step of such a key: promises it for every partition (NOT VALID) and writes down what is to be validated. From 18 on
-- it is the key of the partitioned table itself that is promised. Before, only a partition's can be; a key of the partitioned
-- table that is added afterwards takes over equal ones that are validated, without reading a row. Their names are those which
-- the server gives when it makes them: the key's own, where the partition has it free.
-- key_table, key_name: as SQL; definition: FOREIGN KEY … to the end. A partition up to small_bytes shares a part with others.
CREATE FUNCTION sampan.begin_key(run_id text, object_id integer, key_table text, key_name text, definition text, small_bytes bigint)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  root regclass := key_table;
  plain_name text := (parse_ident(key_name))[1];
  older oid[];
  leaf regclass;
BEGIN
  SELECT array_agg(k.oid) INTO older
    FROM pg_partition_tree(root) t JOIN pg_constraint k ON k.conrelid = t.relid AND k.contype = 'f';
  IF current_setting('server_version_num')::integer >= 180000 THEN
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', root, plain_name, definition);
  ELSE
    FOR leaf IN SELECT t.relid FROM pg_partition_tree(root) t WHERE t.isleaf LOOP
      EXECUTE format('ALTER TABLE %s ADD %s%s NOT VALID', leaf,
        CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = leaf AND k.conname = plain_name) THEN ''
             ELSE format('CONSTRAINT %I ', plain_name) END, definition);
    END LOOP;
  END IF;
  INSERT INTO sampan.key_part (run, object, part, works_on, sql, bytes)
  SELECT run_id, object_id, row_number() OVER (ORDER BY min(sized.leaf)), min(sized.leaf)::regclass,
         string_agg(format('ALTER TABLE ONLY %s VALIDATE CONSTRAINT %I', sized.leaf::regclass, sized.name), ';' ORDER BY sized.leaf),
         sum(sized.bytes)
    FROM (SELECT fresh.*, fresh.bytes > small_bytes AS alone,
                 sum(fresh.bytes) OVER (PARTITION BY fresh.bytes > small_bytes ORDER BY fresh.leaf) AS up_to
            -- 64 kB more for each: a part of empty ones has an end too.
            FROM (SELECT k.conrelid AS leaf, k.conname AS name, pg_relation_size(k.conrelid) + 65536 AS bytes
                    FROM pg_partition_tree(root) t
                    JOIN pg_constraint k ON k.conrelid = t.relid AND k.contype = 'f' AND NOT k.convalidated
                   WHERE t.isleaf AND k.oid NOT IN (SELECT unnest(older))) fresh) sized
   GROUP BY CASE WHEN sized.alone THEN sized.leaf END, CASE WHEN NOT sized.alone THEN trunc(sized.up_to / (8 * small_bytes)) END;
END $$;

-- Claims one part of a key whose first step is made. SP002: it has its receipt, or the key has failed meanwhile; SP003: another
-- lane is at work on it.
CREATE FUNCTION sampan.claim_part(run_id text, object_id integer, part_number integer, alone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sampan.require_open(run_id);
  PERFORM 1 FROM sampan.key_part p
    WHERE p.run OPERATOR(pg_catalog.=) run_id AND p.object OPERATOR(pg_catalog.=) object_id
      AND p.part OPERATOR(pg_catalog.=) part_number FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR NOT pg_catalog.pg_try_advisory_xact_lock(
       1935764849, pg_catalog.hashtext(run_id OPERATOR(pg_catalog.||) alone)) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP003', MESSAGE = 'another lane works on the part or on its table';
  END IF;
  PERFORM 1 FROM sampan.key_part p
    JOIN sampan.object o ON o.run OPERATOR(pg_catalog.=) p.run AND o.id OPERATOR(pg_catalog.=) p.object
    WHERE p.run OPERATOR(pg_catalog.=) run_id AND p.object OPERATOR(pg_catalog.=) object_id
      AND p.part OPERATOR(pg_catalog.=) part_number AND p.done_at IS NULL AND o.status OPERATOR(pg_catalog.=) 'pending';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP002', MESSAGE = 'the part has its receipt already';
  END IF;
END $$;
