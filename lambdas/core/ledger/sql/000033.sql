-- The transaction that brought a chunk's rows beside others: the number that they have as xmin.
ALTER TABLE sampan.landed ADD COLUMN born xid;
-- Of those kept out by other rows: under whose key nothing stands, since the other row has another unique value of theirs.
ALTER TABLE sampan.landed ADD COLUMN kept_out bigint NOT NULL DEFAULT 0;

-- Fails where rows that come beside others would not be met as the plan says: the key is gone (SP015), or a trigger fires (SP013). Called behind an
-- INSERT: nobody changes either until its transaction has ended.
CREATE FUNCTION sampan.require_as_met(target regclass, wanted text[], event integer) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fires text;
BEGIN
  -- Columns that an index only includes have no operator class.
  IF NOT EXISTS (
    SELECT FROM pg_index i
     WHERE i.indrelid = target AND i.indisunique AND i.indimmediate AND i.indisready AND i.indpred IS NULL AND i.indexprs IS NULL
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)
              FROM ROWS FROM (unnest(i.indkey), unnest(i.indclass)) AS u(attnum, class)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum WHERE u.class IS NOT NULL)
         = (SELECT array_agg(w.name ORDER BY w.name) FROM unnest(wanted) AS w(name))) THEN
    RAISE EXCEPTION USING ERRCODE = 'SP015', MESSAGE = format('the key of %s by which its rows are told from others is gone since the plan was made', target);
  END IF;
  WITH RECURSIVE tree AS (SELECT target::oid AS oid UNION SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
                            JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p')
  SELECT min(t.tgname::text) INTO fires FROM pg_trigger t JOIN tree ON tree.oid = t.tgrelid
   WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND (t.tgtype & event) <> 0;
  IF fires IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SP013', MESSAGE = format('since the plan was made %s has got the trigger %s, which would fire for the rows', target, fires);
  END IF;
END $$;

-- How many of the rows at these places in pg_temp.sampan_arrivals no row of others keeps out: for each unique index and exclusion constraint of the
-- table the rows are looked for by what it reads of them, and by its own operators. Under the user's search path, as the texts of expressions are.
CREATE FUNCTION sampan.unexplained(target regclass, tree boolean, places tid[], own xid[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  shown text;       -- what the rows are read as: the columns that came, and those that the table computes of them
  parts text[] := '{}';
  index record;
  number bigint;
BEGIN
  SELECT pg_catalog.string_agg(
           CASE WHEN came.attname IS NOT NULL THEN pg_catalog.quote_ident(a.attname)
                ELSE pg_catalog.format('(%s) AS %I', pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attname) END, ', ')
    INTO shown
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_attribute came ON came.attrelid OPERATOR(pg_catalog.=) 'pg_temp.sampan_arrivals'::pg_catalog.regclass
                                          AND came.attname OPERATOR(pg_catalog.=) a.attname AND NOT came.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
                                     AND COALESCE(pg_catalog.row_to_json(a) OPERATOR(pg_catalog.->>) 'attgenerated', '') OPERATOR(pg_catalog.<>) ''
   WHERE a.attrelid OPERATOR(pg_catalog.=) target AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
     AND (came.attname IS NOT NULL OR d.adbin IS NOT NULL);
  FOR index IN
    SELECT COALESCE(' WHERE (' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(i.indpred, i.indrelid) OPERATOR(pg_catalog.||) ')', '') AS condition,
           pg_catalog.string_agg(pg_catalog.format('(%s)%s AS e%s', pg_catalog.pg_get_indexdef(i.indexrelid, u.place::integer, false),
             CASE WHEN u.sorting OPERATOR(pg_catalog.<>) 0 AND u.sorting IS DISTINCT FROM a.attcollation
                  THEN pg_catalog.format(' COLLATE %I.%I', sn.nspname, s.collname) END, u.place), ', ') AS read,
           pg_catalog.string_agg(pg_catalog.format(
             CASE WHEN COALESCE((pg_catalog.row_to_json(i) OPERATOR(pg_catalog.->>) 'indnullsnotdistinct')::boolean, false)
                  THEN '(a.e%1$s OPERATOR(%2$I.%3$s) d.e%1$s OR a.e%1$s IS NULL AND d.e%1$s IS NULL)' ELSE 'a.e%1$s OPERATOR(%2$I.%3$s) d.e%1$s' END,
             u.place, n.nspname, o.oprname), ' AND ') AS alike
      FROM pg_catalog.pg_index i
      LEFT JOIN pg_catalog.pg_constraint k ON k.conindid OPERATOR(pg_catalog.=) i.indexrelid AND k.conexclop IS NOT NULL
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass), pg_catalog.unnest(i.indcollation), pg_catalog.unnest(k.conexclop))
                          WITH ORDINALITY AS u(attnum, class, sorting, excludes, place)
      JOIN pg_catalog.pg_opclass c ON c.oid OPERATOR(pg_catalog.=) u.class
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) u.attnum
      LEFT JOIN pg_catalog.pg_collation s ON s.oid OPERATOR(pg_catalog.=) u.sorting
      LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid OPERATOR(pg_catalog.=) s.collnamespace
      -- Strategy 3 of a B-tree is its equality.
      LEFT JOIN pg_catalog.pg_amop f ON u.excludes IS NULL AND f.amopfamily OPERATOR(pg_catalog.=) c.opcfamily AND f.amopstrategy OPERATOR(pg_catalog.=) 3
                AND f.amoplefttype OPERATOR(pg_catalog.=) c.opcintype AND f.amoprighttype OPERATOR(pg_catalog.=) c.opcintype
      JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) COALESCE(u.excludes, f.amopopr)
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
     WHERE i.indrelid OPERATOR(pg_catalog.=) target AND (i.indisunique OR i.indisexclusion) AND i.indisready
       -- Of a column that did not come nobody knows what the row would have.
       AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_attribute r
          WHERE r.attrelid OPERATOR(pg_catalog.=) i.indrelid AND r.attnum OPERATOR(pg_catalog.>) 0
            AND (r.attnum OPERATOR(pg_catalog.=) ANY (i.indkey)
                 -- What expressions and the condition read.
                 OR EXISTS (SELECT FROM pg_catalog.pg_depend x
                             WHERE x.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND x.objid OPERATOR(pg_catalog.=) i.indexrelid
                               AND x.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                               AND x.refobjid OPERATOR(pg_catalog.=) i.indrelid AND x.refobjsubid OPERATOR(pg_catalog.=) r.attnum))
            AND COALESCE(pg_catalog.row_to_json(r) OPERATOR(pg_catalog.->>) 'attgenerated', '') OPERATOR(pg_catalog.=) ''
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute came WHERE came.attrelid OPERATOR(pg_catalog.=) 'pg_temp.sampan_arrivals'::pg_catalog.regclass
                                       AND came.attname OPERATOR(pg_catalog.=) r.attname AND NOT came.attisdropped))
     GROUP BY i.indexrelid, i.indpred, i.indrelid
  LOOP
    parts := pg_catalog.array_append(parts, pg_catalog.format(
      'SELECT a.place FROM (SELECT ctid AS place, %1$s FROM (SELECT ctid, %2$s FROM pg_temp.sampan_arrivals WHERE ctid OPERATOR(pg_catalog.=) ANY ($1)) AS came%3$s) AS a
         JOIN (SELECT xmin AS born, %1$s FROM %4$s%5$s%3$s) AS d ON %6$s WHERE NOT (d.born OPERATOR(pg_catalog.=) ANY ($2))',
      index.read, shown, index.condition, CASE WHEN tree THEN '' ELSE 'ONLY ' END, target, index.alike));
  END LOOP;
  IF pg_catalog.cardinality(parts) OPERATOR(pg_catalog.=) 0 THEN RETURN pg_catalog.cardinality(places); END IF;
  EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM pg_catalog.unnest($1) AS o(place) WHERE NOT (o.place OPERATOR(pg_catalog.=) ANY (ARRAY(%s)))',
                            pg_catalog.array_to_string(parts, ' UNION ALL '))
     INTO number USING places, own;
  RETURN number;
END $$;

DROP FUNCTION sampan.land(text, integer, text, text, text);

-- Puts rows that have arrived in pg_temp.sampan_arrivals into their own table, and writes down what became of each. Called under the user's search path:
-- all names are qualified. `landing` is the INSERT; `arrived` reads the hash of each row that came; `met` reads of each its hash and place, and of the row
-- that stands under its key place, transaction and whether it is the same, for $1 the number of this transaction as a row has it; it is asked only where not all were inserted.
-- A row of the source that stays out must have been kept out by a row of others, never by another one of the source (SP013).
CREATE FUNCTION sampan.land(run_id text, chunk_id integer, target regclass, key text[], landing text, arrived text, met text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  of_relation oid;
  in_tree boolean;
  now_born pg_catalog.xid := (pg_catalog.txid_current() OPERATOR(pg_catalog.%) 4294967296)::text::pg_catalog.xid;
  own pg_catalog.xid[];
  brought bigint;
  came bigint;
  hashes bigint[];
  found record;
BEGIN
  SELECT c.relation, r.tree INTO of_relation, in_tree
    FROM sampan.chunk c JOIN sampan.relation r ON r.run OPERATOR(pg_catalog.=) c.run AND r.oid OPERATOR(pg_catalog.=) c.relation
   WHERE c.run OPERATOR(pg_catalog.=) run_id AND c.id OPERATOR(pg_catalog.=) chunk_id;
  EXECUTE landing;
  GET DIAGNOSTICS brought = ROW_COUNT;
  PERFORM sampan.require_as_met(target, key, 4);
  EXECUTE pg_catalog.concat('SELECT pg_catalog.count(*), pg_catalog.array_agg(a.hash) FROM (', arrived, ') AS a(hash)') INTO came, hashes;
  IF came OPERATOR(pg_catalog.=) brought THEN
    INSERT INTO sampan.landed (run, chunk, relation, born, inserted, kept_equal, kept_different, different_digest, places, inserted_hashes, equal_hashes)
    VALUES (run_id, chunk_id, of_relation, now_born, brought, 0, 0, 0, '{}', COALESCE(hashes, '{}'), '{}');
    RETURN;
  END IF;
  own := pg_catalog.array_append(ARRAY(SELECT l.born FROM sampan.landed l
           WHERE l.run OPERATOR(pg_catalog.=) run_id AND l.relation OPERATOR(pg_catalog.=) of_relation AND l.born IS NOT NULL), now_born);
  EXECUTE pg_catalog.concat(
    'SELECT pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''new'') AS new,
            pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''equal'') AS equal,
            pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''lost'') AS lost,
            pg_catalog.count(*) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ANY (ARRAY[''different'', ''out''])) AS different,
            COALESCE(pg_catalog.sum(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ANY (ARRAY[''different'', ''out''])), 0) AS digest,
            COALESCE(pg_catalog.array_agg(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''new''), ''{}'') AS inserted_hashes,
            COALESCE(pg_catalog.array_agg(m.hash) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''equal''), ''{}'') AS equal_hashes,
            COALESCE(pg_catalog.array_agg(m.came) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''out''), ''{}'') AS out,
            COALESCE((pg_catalog.array_agg(m.place::text) FILTER (WHERE m.fate OPERATOR(pg_catalog.=) ''different''))[1:20], ''{}'') AS places
       FROM (SELECT w.*, CASE WHEN w.place IS NULL THEN ''out'' WHEN w.born OPERATOR(pg_catalog.=) $1 THEN ''new''
                              WHEN w.born OPERATOR(pg_catalog.=) ANY ($2) THEN ''lost'' WHEN w.same THEN ''equal'' ELSE ''different'' END AS fate
               FROM (', met, ') AS w(hash, came, place, born, same)) AS m') INTO found USING now_born, own;
  IF found.new OPERATOR(pg_catalog.<>) brought OR found.lost OPERATOR(pg_catalog.>) 0
     OR pg_catalog.cardinality(found.out) OPERATOR(pg_catalog.>) 0 AND sampan.unexplained(target, in_tree, found.out, own) OPERATOR(pg_catalog.>) 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'SP013', MESSAGE = pg_catalog.format(
      'rows of the source keep each other out of %s: a unique index or exclusion constraint there is stricter than those of the source',
      (SELECT pg_catalog.concat(n.nspname, '.', c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.oid OPERATOR(pg_catalog.=) target));
  END IF;
  INSERT INTO sampan.landed (run, chunk, relation, born, inserted, kept_equal, kept_different, kept_out, different_digest, places, inserted_hashes,
                             equal_hashes)
  VALUES (run_id, chunk_id, of_relation, now_born, found.new, found.equal, found.different, pg_catalog.cardinality(found.out), found.digest,
          found.places, found.inserted_hashes, found.equal_hashes);
END $$;

-- Fails where deleting rows would take rows of others along, or change them: ON DELETE CASCADE, SET NULL, SET DEFAULT; or would fire a trigger. RESTRICT
-- and NO ACTION are the server's to say. `doomed` reads the rows, with their tableoid and ctid: what refers to one of them and is itself one goes by its own.
CREATE OR REPLACE FUNCTION sampan.require_unreferred(target regclass, doomed text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  foreign_key record;
  referred boolean;
  fires text;
BEGIN
  SELECT pg_catalog.min(t.tgname::text) INTO fires FROM pg_catalog.pg_trigger t
   WHERE t.tgrelid OPERATOR(pg_catalog.=) target::oid AND NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.=) ANY (ARRAY['O', 'A']::"char"[])
     AND (t.tgtype OPERATOR(pg_catalog.&) 8::smallint) OPERATOR(pg_catalog.<>) 0;
  IF fires IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SP013', MESSAGE = pg_catalog.format(
      'since the plan was made %s has got the trigger %s, which would fire for rows that the run takes back', target, fires);
  END IF;
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
    -- Who is about to refer to one of them holds it FOR KEY SHARE: this waits for him, and whoever comes later waits for us.
    EXECUTE pg_catalog.concat('SELECT FROM (', doomed, ') AS p FOR UPDATE');
    EXECUTE pg_catalog.concat(
      'SELECT EXISTS (SELECT FROM (', doomed, ') AS p JOIN ', foreign_key.child, ' c ON ', foreign_key.pairs,
      ' WHERE NOT EXISTS (SELECT FROM (', doomed, ') AS q WHERE q.tableoid OPERATOR(pg_catalog.=) c.tableoid AND q.ctid OPERATOR(pg_catalog.=) c.ctid))')
       INTO referred;
    IF referred THEN
      RAISE EXCEPTION USING ERRCODE = 'SP014', MESSAGE = pg_catalog.format(
        'rows that the run has brought into %s are referred to by rows of others in %s (%s) by now', target, foreign_key.child, foreign_key.name);
    END IF;
  END LOOP;
END $$;
