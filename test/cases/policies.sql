-- dstpg: create role app32
-- dstpg: create role member32
-- ack: POLICIES_LOST
-- A restrictive policy goes on restricting the roles that are there, those included whom it reaches through an absent one.
CREATE ROLE app32; CREATE ROLE gone32; CREATE ROLE member32; GRANT gone32 TO member32;
CREATE TABLE doc (id int PRIMARY KEY, secret bool); INSERT INTO doc SELECT g, g%2=0 FROM generate_series(1,100) g;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY; GRANT SELECT ON doc TO app32, member32; GRANT SELECT (id) ON doc TO PUBLIC;
CREATE POLICY all_rows ON doc FOR SELECT TO PUBLIC USING (true);
CREATE POLICY no_secrets ON doc AS RESTRICTIVE FOR SELECT TO app32, gone32 USING (NOT secret);
CREATE POLICY for_nobody ON doc FOR SELECT TO gone32 USING (true);
CREATE TABLE alone (id int PRIMARY KEY); INSERT INTO alone SELECT generate_series(1,10);
ALTER TABLE alone ENABLE ROW LEVEL SECURITY; GRANT SELECT ON alone TO app32, gone32;
CREATE POLICY all_rows ON alone USING (true);
CREATE ROLE lonely32;
CREATE POLICY "to TO nobody" ON alone AS RESTRICTIVE TO lonely32 USING (id > 5);
-- check: set role app32
-- check: select count(*) from doc
-- check: select count(*) from alone
-- check: set role member32
-- check: select count(*) from doc
