-- What stands otherwise than planned, because rows do not hold it or somebody else has changed it.

-- A constraint was made NOT VALID: says so in its object and in the run's story, with the query that finds the rows and the statement
-- that validates it (of a domain that statement names the column). A foreign key between partitioned tables cannot always be one, nor always be validated (before 18): 0A000.
CREATE FUNCTION sampan.note_not_valid(
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
  SELECT c.*, r.relkind AS kind, p.relkind AS parent_kind, (to_jsonb(c) ->> 'conperiod')::boolean AS period
    INTO STRICT of_constraint
    FROM pg_constraint c LEFT JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class p ON p.oid = c.confrelid
   WHERE c.conname = of_name::name
     AND CASE of_kind WHEN 'DOMAIN' THEN c.contypid = of_what::regtype ELSE c.conrelid = of_what::regclass END;
  IF of_constraint.contype = 'f' THEN
    IF 'p' IN (of_constraint.kind, of_constraint.parent_kind) THEN
      RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'a foreign key of a partitioned table is not made NOT VALID';
    END IF;
    SELECT array_agg(format('p.%I = c.%I', there.attname, here.attname) ORDER BY k.number),
           array_agg(format('c.%I IS NOT NULL', here.attname) ORDER BY k.number)
      INTO pairs, filled
      FROM unnest(of_constraint.conkey, of_constraint.confkey) WITH ORDINALITY AS k(own, referenced, number)
      JOIN pg_attribute here ON here.attrelid = of_constraint.conrelid AND here.attnum = k.own
      JOIN pg_attribute there ON there.attrelid = of_constraint.confrelid AND there.attnum = k.referenced;
    IF of_constraint.period IS NOT TRUE THEN
      query := format('SELECT c.* FROM ONLY %s c WHERE (%s) AND NOT EXISTS (SELECT FROM ONLY %s p WHERE %s)',
                      of_constraint.conrelid::regclass,
                      array_to_string(filled, CASE of_constraint.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END),
                      of_constraint.confrelid::regclass, array_to_string(pairs, ' AND '));
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

-- What each object was when it stood: somebody else may change it on the destination before the run is sealed.
CREATE TABLE sampan.definition (
  run          text    NOT NULL REFERENCES sampan.run ON DELETE CASCADE,
  object       integer NOT NULL,
  made_at      timestamptz,                       -- of the object, or of the latest part of it; made anew, it is another one
  digest       text    NOT NULL,
  PRIMARY KEY (run, object)
);
