-- The schemas in which a session of the source finds what is named without one, whoever asks: what is set for the database,
-- for its owner, or for the one role that owns what is in it, in this order; else what is set for everybody. "$user" is that
-- owner. What our own session began with says little: the account may have settings of its own.
WITH db AS (
  SELECT d.oid, d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
), owners AS (
  SELECT DISTINCT c.relowner AS role FROM pg_catalog.pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm')
), setting AS (
  SELECT s.setrole, s.setdatabase, pg_catalog.substr(u.entry, 13) AS path
    FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS u(entry)
   WHERE pg_catalog.lower(u.entry) LIKE 'search\_path=%' AND s.setdatabase IN (0, (SELECT db.oid FROM db))
), of_role AS (
  SELECT DISTINCT ON (s.setrole) s.setrole, s.path FROM setting s JOIN owners o ON o.role = s.setrole
   ORDER BY s.setrole, s.setdatabase DESC
), found AS (
  SELECT 1 AS rank, 0::pg_catalog.oid AS role, s.path FROM setting s WHERE s.setrole = 0 AND s.setdatabase <> 0
  UNION ALL
  SELECT CASE WHEN s.setdatabase <> 0 THEN 2 ELSE 3 END, s.setrole, s.path FROM setting s JOIN db ON db.datdba = s.setrole
  UNION ALL
  SELECT 4, r.setrole, r.path FROM of_role r WHERE (SELECT pg_catalog.count(*) FROM of_role) = 1
  UNION ALL
  SELECT 5, 0, s.path FROM setting s WHERE s.setrole = 0 AND s.setdatabase = 0
  UNION ALL
  SELECT 6, 0, g.reset_val FROM pg_catalog.pg_settings g
   WHERE g.name = 'search_path'
     AND NOT EXISTS (SELECT FROM setting s JOIN pg_catalog.pg_roles me ON me.oid = s.setrole WHERE me.rolname = session_user)
  UNION ALL
  SELECT 7, 0, '"$user", public'
)
SELECT f.path,
       COALESCE(
         (SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = f.role),
         -- The one owner with a schema of its name.
         (SELECT pg_catalog.min(r.rolname::pg_catalog.text) FROM pg_catalog.pg_roles r JOIN owners o ON o.role = r.oid
            JOIN pg_catalog.pg_namespace n ON n.nspname = r.rolname HAVING pg_catalog.count(*) = 1),
         (SELECT r.rolname FROM pg_catalog.pg_roles r JOIN db ON db.datdba = r.oid))::pg_catalog.text AS "user"
  FROM found f ORDER BY f.rank LIMIT 1
