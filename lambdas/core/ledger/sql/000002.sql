-- What the objects of a run are, and what is made of them.

-- Every object of the source, from pg_dump's table of contents.
CREATE TABLE sampan.object (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  id           integer NOT NULL,                  -- dump id
  position     integer NOT NULL,                  -- order in the archive, which is topological
  kind         text    NOT NULL,                  -- pg_dump's word: TABLE, FK CONSTRAINT, ...
  schema       text,
  name         text    NOT NULL,
  owner        text,
  catalog_oid  oid     NOT NULL DEFAULT 0,
  oid          oid     NOT NULL DEFAULT 0,
  stage        text    NOT NULL CHECK (stage IN ('create', 'rows', 'index', 'link', 'own', 'never')),
  sql          text    NOT NULL DEFAULT '',
  drop_sql     text    NOT NULL DEFAULT '',       -- for an object that is made when its definition changes on the source
  dependencies integer[] NOT NULL DEFAULT '{}',
  bytes        bigint  NOT NULL DEFAULT 0,        -- size of the relation it works on: largest first
  verdict      text    NOT NULL CHECK (verdict IN ('migrate', 'transform', 'skip')),
  reason       text,
  status       text    NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'migrated', 'transformed', 'skipped', 'failed', 'blocked')),
  error_code   text,
  error_message text,
  blocked_by   integer,
  milliseconds double precision,
  -- Keys, indexes and foreign keys are made while other tables are still copied, in steps that do not lock each other out.
  rows_of      oid[],                             -- relations whose rows must be there first; null: all rows of the database
  works_on     text,                              -- the table that a key is added to, as SQL; of its long steps one at a time
  -- Two steps, each a transaction: the first is long or locks briefly, the second takes what the first one has made.
  -- Null where the object is made by `sql` as it is.
  build_sql    text,
  finish_sql   text,
  built_at     timestamptz,                       -- receipt of the first step
  finished_at  timestamptz,                       -- receipt of the whole
  PRIMARY KEY (run, id)
);
CREATE INDEX object_stage ON sampan.object (run, stage, status, position);

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

-- The source's structure as the plan knows it, a digest for each object: to name what has changed since.
CREATE TABLE sampan.structure (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  kind         text    NOT NULL,
  schema       text,
  name         text    NOT NULL,
  digest       text    NOT NULL
);

-- last_value, is_called: where the destination's sequence has to stand.
CREATE TABLE sampan.sequence (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  schema       text    NOT NULL,
  name         text    NOT NULL,
  last_value   bigint  NOT NULL,
  is_called    boolean NOT NULL,
  destination_last_value bigint,
  destination_is_called  boolean,
  error_message text,
  PRIMARY KEY (run, schema, name)
);

-- Where the source's sequences stood when a view of it was first read by; one that stands behind it later went back.
CREATE TABLE sampan.sequence_in_view (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  generation   integer NOT NULL,
  schema       text    NOT NULL,
  name         text    NOT NULL,
  -- As the view knows it: a restart writes the sequence to a new file.
  file         oid     NOT NULL,
  last_value   bigint  NOT NULL,
  is_called    boolean NOT NULL,
  PRIMARY KEY (run, generation, schema, name)
);

-- Claims one object inside the transaction that creates it. SP002: another attempt has its receipt already.
CREATE FUNCTION sampan.claim_object(run_id text, object_id integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sampan.require_open(run_id);
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id
      AND o.status OPERATOR(pg_catalog.=) ANY (ARRAY['pending', 'failed', 'blocked']) FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP002', MESSAGE = 'the object has its receipt already';
  END IF;
END $$;

-- Claims one step of an object for a lane. `alone`: of all steps with the same text only one is under way at a time.
-- SP002: another lane has the receipt; SP003: another lane is at work on it.
CREATE FUNCTION sampan.claim_step(run_id text, object_id integer, built boolean, alone text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR alone IS NOT NULL AND NOT pg_catalog.pg_try_advisory_xact_lock(
       1935764849, pg_catalog.hashtext(run_id OPERATOR(pg_catalog.||) alone)) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP003', MESSAGE = 'another lane works on the object or on its table';
  END IF;
  PERFORM 1 FROM sampan.object o
    WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) object_id
      AND (o.built_at IS NOT NULL) OPERATOR(pg_catalog.=) built;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SP002', MESSAGE = 'the step has its receipt already';
  END IF;
  PERFORM sampan.claim_object(run_id, object_id);
END $$;

-- Claims many small objects inside the one transaction that makes them all, by a statement instead of one for each. `alone`: as
-- in sampan.claim_step, a text for each object that has one. `in_order`: only when nothing before them in their stage is
-- pending, so that what follows a failure is not made ahead of it.
-- SP004: not all of them can be had; whoever takes them one by one is told what is the matter with each.
CREATE FUNCTION sampan.claim_objects(run_id text, object_ids integer[], alone text[], in_order boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  claimed integer;
  first_position integer;
  first_stage text;
BEGIN
  PERFORM sampan.require_open(run_id);
  SELECT pg_catalog.count(*), pg_catalog.min(mine.position), pg_catalog.min(mine.stage)
    INTO claimed, first_position, first_stage
    FROM (SELECT o.position, o.stage FROM sampan.object o
           WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.id OPERATOR(pg_catalog.=) ANY (object_ids)
             AND o.status OPERATOR(pg_catalog.=) ANY (ARRAY['pending', 'failed', 'blocked']) AND o.built_at IS NULL
             FOR UPDATE SKIP LOCKED) mine;
  IF claimed OPERATOR(pg_catalog.<) pg_catalog.cardinality(object_ids)
     OR EXISTS (SELECT 1 FROM pg_catalog.unnest(alone) AS one(key)
                 WHERE NOT pg_catalog.pg_try_advisory_xact_lock(
                         1935764849, pg_catalog.hashtext(run_id OPERATOR(pg_catalog.||) one.key)))
     OR in_order AND EXISTS (SELECT 1 FROM sampan.object o
                 WHERE o.run OPERATOR(pg_catalog.=) run_id AND o.stage OPERATOR(pg_catalog.=) first_stage
                   AND o.status OPERATOR(pg_catalog.=) 'pending' AND o.position OPERATOR(pg_catalog.<) first_position) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP004', MESSAGE = 'not all of the objects can be claimed together';
  END IF;
END $$;

-- The first step of the foreign key of a large partitioned table: promises it for every partition (NOT VALID) and writes down
-- what is to be validated. From 18 on it is the key of the partitioned table itself that is promised. Before, only a
-- partition's can be; a key of the partitioned table that is added afterwards takes over equal ones that are validated, without
-- reading a row. Their names are those which the server gives when it makes them: the key's own, where the partition has it free.
-- key_table, key_name: as SQL; definition: FOREIGN KEY ... to the end. A partition up to small_bytes shares a part with others.
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
