-- Triggers of partitions that fire otherwise than the trigger they were cloned from, each with all those above it, from 11 on: pg_depend has
-- always told what a clone is of, but of a foreign key's; of those pg_trigger itself does, from 15 on.
WITH RECURSIVE above(clone, trigger) AS (
  SELECT t.oid, d.refobjid
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid = t.oid
                               AND d.refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
    JOIN pg_catalog.pg_trigger o ON o.oid = d.refobjid
   WHERE t.tgenabled <> o.tgenabled
  UNION
  SELECT a.clone, d.refobjid
    FROM above a
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.objid = a.trigger
                               AND d.refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
)
SELECT a.clone::pg_catalog.int8::text AS clone, pg_catalog.array_agg(a.trigger::pg_catalog.int8::text) AS above, false AS "ofForeignKey"
  FROM above a GROUP BY a.clone
UNION ALL
SELECT t.oid::pg_catalog.int8::text, ARRAY[o.oid::pg_catalog.int8::text], true
  FROM pg_catalog.pg_constraint f
  JOIN pg_catalog.pg_trigger t ON t.tgconstraint = f.oid
  JOIN pg_catalog.pg_trigger o ON o.oid = (pg_catalog.to_json(t) ->> 'tgparentid')::pg_catalog.oid AND o.tgenabled <> t.tgenabled
 WHERE f.contype = 'f'
