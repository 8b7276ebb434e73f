-- Tables whose rows stay while those of the source come beside them (conflicts: ignore).

-- The key that says which rows are the same, in the destination's names, each column with its operator: [{"column": ..., "equals": ...}]; null: rows
-- come straight into the table, and no others are in it.
ALTER TABLE sampan.relation ADD COLUMN beside jsonb;

-- What became of a chunk's rows, in the transaction that brought them. Each row that has to be found there again is a hash of 64 bits: no key and no
-- value is written down. Out of line and as they are: hashes cannot be compressed.
CREATE TABLE sampan.landed (
  run              text     NOT NULL,
  chunk            integer  NOT NULL,
  relation         oid      NOT NULL,
  inserted         bigint   NOT NULL,
  kept_equal       bigint   NOT NULL,             -- stood there already, the same to the byte
  kept_different   bigint   NOT NULL,             -- what stands there under the key, or under another unique one, is another row
  different_digest numeric  NOT NULL,             -- of those, as the source has them
  places           text[]   NOT NULL,             -- where the first of them stand: ctids
  inserted_hashes  bigint[] NOT NULL,
  equal_hashes     bigint[] NOT NULL,
  PRIMARY KEY (run, chunk),
  FOREIGN KEY (run, chunk) REFERENCES sampan.chunk (run, id) ON DELETE CASCADE
);
ALTER TABLE sampan.landed ALTER inserted_hashes SET STORAGE EXTERNAL, ALTER equal_hashes SET STORAGE EXTERNAL;
CREATE INDEX landed_of ON sampan.landed (run, relation);

CREATE TRIGGER note_damage AFTER DELETE ON sampan.landed REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON sampan.landed
  FOR EACH STATEMENT EXECUTE PROCEDURE sampan.note_damage();

-- Rows of the table that are none of the source's.
ALTER TABLE sampan.digest_part ADD COLUMN others bigint;

-- Puts rows that have arrived in a temporary table into their own, and writes down what became of each. Called under the user's search path: all
-- names are qualified. `landing` is the INSERT; `arrived` reads the hash of each row that came; `met` reads hash, fate (new, equal, different, out) and
-- place of each, for $1 the number of this transaction as a row has it, and is asked only where not all were inserted.
CREATE FUNCTION sampan.land(run_id text, chunk_id integer, landing text, arrived text, met text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of_relation oid := (SELECT c.relation FROM sampan.chunk c
                       WHERE c.run OPERATOR(pg_catalog.=) run_id AND c.id OPERATOR(pg_catalog.=) chunk_id);
  own pg_catalog.xid;
  brought bigint;
  came bigint;
  hashes bigint[];
  found record;
BEGIN
  EXECUTE landing;
  GET DIAGNOSTICS brought = ROW_COUNT;
  EXECUTE pg_catalog.concat('SELECT pg_catalog.count(*), pg_catalog.array_agg(a.hash) FROM (', arrived, ') AS a(hash)') INTO came, hashes;
  IF came OPERATOR(pg_catalog.=) brought THEN
    INSERT INTO sampan.landed (run, chunk, relation, inserted, kept_equal, kept_different, different_digest, places, inserted_hashes, equal_hashes)
    VALUES (run_id, chunk_id, of_relation, brought, 0, 0, 0, '{}', COALESCE(hashes, '{}'), '{}');
    RETURN;
  END IF;
  own := (pg_catalog.txid_current() OPERATOR(pg_catalog.%) 4294967296)::text::pg_catalog.xid;
  EXECUTE pg_catalog.concat(
    'SELECT pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''new'') AS new,
            pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''equal'') AS equal,
            pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ANY (ARRAY[''different'', ''out''])) AS different,
            COALESCE(pg_catalog.sum(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ANY (ARRAY[''different'', ''out''])), 0) AS digest,
            COALESCE(pg_catalog.array_agg(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''new''), ''{}'') AS inserted_hashes,
            COALESCE(pg_catalog.array_agg(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''equal''), ''{}'') AS equal_hashes,
            COALESCE((pg_catalog.array_agg(m.place::text) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''different''))[1:20], ''{}'') AS places
       FROM (', met, ') AS m(hash, fate, place)') INTO found USING own;
  IF found.new OPERATOR(pg_catalog.<>) brought THEN
    RAISE EXCEPTION USING ERRCODE = 'SP013', MESSAGE = pg_catalog.format(
      'rows of the source keep each other out of %s', (SELECT pg_catalog.concat(d.schema, '.', d.name)
         FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
        WHERE r.run OPERATOR(pg_catalog.=) run_id AND r.oid OPERATOR(pg_catalog.=) of_relation));
  END IF;
  INSERT INTO sampan.landed (run, chunk, relation, inserted, kept_equal, kept_different, different_digest, places, inserted_hashes, equal_hashes)
  VALUES (run_id, chunk_id, of_relation, found.new, found.equal, found.different, found.digest, found.places, found.inserted_hashes,
          found.equal_hashes);
END $$;

-- Fails where deleting rows would take rows of others along, or change them: ON DELETE CASCADE, SET NULL, SET DEFAULT. RESTRICT and NO ACTION are
-- the server's to say. `doomed` reads the rows.
CREATE FUNCTION sampan.require_unreferred(target regclass, doomed text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  foreign_key record;
  referred boolean;
BEGIN
  FOR foreign_key IN
    SELECT k.conname AS name, k.conrelid::pg_catalog.regclass AS child,
           (SELECT pg_catalog.string_agg(pg_catalog.format('c.%I OPERATOR(%I.%s) p.%I', own.attname, n.nspname, o.oprname, referred.attname), ' AND ')
              FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) AS u(here, there, equals)
              JOIN pg_catalog.pg_attribute own ON own.attrelid OPERATOR(pg_catalog.=) k.conrelid AND own.attnum OPERATOR(pg_catalog.=) u.here
              JOIN pg_catalog.pg_attribute referred ON referred.attrelid OPERATOR(pg_catalog.=) k.confrelid AND referred.attnum OPERATOR(pg_catalog.=) u.there
              JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) u.equals
              JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace) AS pairs
      FROM pg_catalog.pg_constraint k
     WHERE k.contype OPERATOR(pg_catalog.=) 'f' AND k.confrelid OPERATOR(pg_catalog.=) target::oid
       AND k.confdeltype OPERATOR(pg_catalog.=) ANY (ARRAY['c', 'n', 'd']::"char"[])
  LOOP
    EXECUTE pg_catalog.concat('SELECT EXISTS (SELECT FROM (', doomed, ') AS p JOIN ', foreign_key.child, ' c ON ', foreign_key.pairs, ')')
       INTO referred;
    IF referred THEN
      RAISE EXCEPTION USING ERRCODE = 'SP014', MESSAGE = pg_catalog.format(
        'rows that the run has brought into %s are referred to by rows of others in %s (%s) by now', target, foreign_key.child, foreign_key.name);
    END IF;
  END LOOP;
END $$;
