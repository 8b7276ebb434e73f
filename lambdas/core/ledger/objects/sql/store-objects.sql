-- $1 run, $2 the planned objects.
INSERT INTO sampan.object (run, id, position, kind, schema, name, owner, catalog_oid, oid, stage, sql, drop_sql, dependencies,
                           bytes, verdict, reason, status, blocked_by, rows_of, works_on, build_sql, finish_sql,
                           destination_schema, destination_name, kept)
SELECT $1, o.id, o.position, o.kind, o.schema, o.name, o.owner, o."catalogOid", o.oid, o.stage, o.sql, o."dropSql", o.dependencies, o.bytes,
       o.verdict, o.reason, o.status, o."blockedBy", o."rowsOf", o."worksOn", o."buildSql", o."finishSql",
       NULLIF(o."there" ->> 'schema', o.schema), NULLIF(o."there" ->> 'name', o.name), COALESCE(o.kept, false)
  FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS o(
    id integer, "position" integer, kind text, schema text, name text, owner text, "catalogOid" oid, oid oid, stage text, sql text,
    "dropSql" text, dependencies integer[], bytes bigint, verdict text, reason text, status text, "blockedBy" integer,
    "rowsOf" oid[], "worksOn" text, "buildSql" text, "finishSql" text, there jsonb, kept boolean)
