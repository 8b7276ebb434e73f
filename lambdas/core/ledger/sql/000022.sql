-- Tables of the source that a relation's filter reads beside it, each with its oid, schema, name, columns and whether it is partitioned.
ALTER TABLE sampan.relation ADD COLUMN reads jsonb NOT NULL DEFAULT '[]';

-- As before; from 18 on a foreign key of a partitioned table can be NOT VALID as well. One that is validated in parts is named by the partition
-- whose rows do not hold it.
CREATE OR REPLACE FUNCTION sampan.note_not_valid(
  run_id text, object_id integer, of_kind text, of_what text, of_name text, state text
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  of_constraint record;
  pairs text[];
  filled text[];
  query text;
  told text;
  due record;
BEGIN
  -- The rows are a partition's, the key is the whole's.
  WITH RECURSIVE line AS (
    SELECT c.oid, COALESCE((to_jsonb(c) ->> 'conparentid')::oid, 0) AS above FROM pg_constraint c
     WHERE c.conname = of_name::name
       AND CASE of_kind WHEN 'DOMAIN' THEN c.contypid = of_what::regtype ELSE c.conrelid = of_what::regclass END
    UNION ALL
    SELECT c.oid, COALESCE((to_jsonb(c) ->> 'conparentid')::oid, 0) FROM line l JOIN pg_constraint c ON c.oid = l.above)
  SELECT c.*, r.relkind AS kind, p.relkind AS parent_kind, (to_jsonb(c) ->> 'conperiod')::boolean AS period
    INTO STRICT of_constraint
    FROM line l JOIN pg_constraint c ON c.oid = l.oid LEFT JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class p ON p.oid = c.confrelid
   WHERE l.above = 0;
  IF of_constraint.contype = 'f' THEN
    IF 'p' IN (of_constraint.kind, of_constraint.parent_kind) AND current_setting('server_version_num')::integer < 180000 THEN
      RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'a foreign key of a partitioned table is not made NOT VALID';
    END IF;
    SELECT array_agg(format('p.%I = c.%I', there.attname, here.attname) ORDER BY k.number),
           array_agg(format('c.%I IS NOT NULL', here.attname) ORDER BY k.number)
      INTO pairs, filled
      FROM unnest(of_constraint.conkey, of_constraint.confkey) WITH ORDINALITY AS k(own, referenced, number)
      JOIN pg_attribute here ON here.attrelid = of_constraint.conrelid AND here.attnum = k.own
      JOIN pg_attribute there ON there.attrelid = of_constraint.confrelid AND there.attnum = k.referenced;
    IF of_constraint.period IS NOT TRUE THEN
      query := format('SELECT c.* FROM %s%s c WHERE (%s) AND NOT EXISTS (SELECT FROM %s%s p WHERE %s)',
                      CASE of_constraint.kind WHEN 'p' THEN '' ELSE 'ONLY ' END, of_constraint.conrelid::regclass,
                      array_to_string(filled, CASE of_constraint.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END),
                      CASE of_constraint.parent_kind WHEN 'p' THEN '' ELSE 'ONLY ' END, of_constraint.confrelid::regclass, array_to_string(pairs, ' AND '));
    END IF;
  ELSIF state = '23514' AND of_kind = 'TABLE' THEN
    query := format('SELECT * FROM %s WHERE (%s) IS FALSE', of_constraint.conrelid::regclass,
                    pg_get_expr(of_constraint.conbin, of_constraint.conrelid));
  END IF;
  told := concat('NOT VALID: rows do not hold it (', state, '), and only new ones are checked; ',
                 'they are found by ' || query || '; ', 'when they are mended: ',
                 format('ALTER %s %s VALIDATE CONSTRAINT %I', of_kind, CASE of_kind WHEN 'DOMAIN' THEN of_constraint.contypid::regtype::text
                        ELSE of_constraint.conrelid::regclass::text END, of_constraint.conname));
  UPDATE sampan.object o SET verdict = 'transform', reason = told WHERE o.run = run_id AND o.id = object_id
    RETURNING o.kind, o.schema, o.name, o.stage INTO STRICT due;
  INSERT INTO sampan.event (run, level, step, code, message)
  VALUES (run_id, 'warning', CASE due.stage WHEN 'index' THEN 'BuildIndexes' ELSE 'LinkObjects' END, 'CONSTRAINT_NOT_VALID',
          format('%s %s: %s', lower(due.kind), concat_ws('.', due.schema, due.name), told));
END $$;
