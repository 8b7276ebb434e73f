-- task: {"databases": [{"name": "$DB", "exclude": ["public.reading", {"kind": "PUBLICATION", "name": "pub_*"}, {"kind": "EVENT TRIGGER"}, {"kind": "FUNCTION", "name": "odd(integer)"}, {"kind": "TRIGGER", "table": "orders", "name": "au*"}, {"kind": "POLICY", "schema": "public", "name": "own rows"}, {"kind": "RULE", "name": "copies"}, {"kind": "SERVER", "name": "far"}, {"kind": "EXTENSION", "name": "hstore"}, {"kind": "CAST", "name": "bigint AS timestamp*"}, {"kind": "OPERATOR", "name": "=?="}, {"kind": "LARGE OBJECTS"}]}]}
-- Must hold: what a remedy asks to exclude can be excluded, of every kind; what cannot be without it is told; the rest arrives whole.
CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw;
CREATE TABLE orders (id int PRIMARY KEY, v text); CREATE TABLE tagged (a hstore); CREATE TABLE log (id int); CREATE TABLE reading (id int PRIMARY KEY, v text);
CREATE FUNCTION odd(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT $1 % 2 = 1'; CREATE FUNCTION odd(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE TABLE checked (id int CHECK (odd(id)), v text CHECK (odd(v))); CREATE VIEW odds AS SELECT id FROM orders WHERE odd(id);
CREATE VIEW grouped AS SELECT id, v FROM reading GROUP BY id; CREATE VIEW upon_grouped AS SELECT * FROM grouped;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER audit BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noted(); CREATE TRIGGER kept BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noted();
CREATE POLICY "own rows" ON orders USING (true); CREATE POLICY kept ON orders USING (true);
CREATE RULE copies AS ON INSERT TO log DO ALSO NOTHING;
CREATE PUBLICATION pub_a FOR TABLE orders; CREATE PUBLICATION kept FOR TABLE orders;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION watch();
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR PUBLIC SERVER far; CREATE FOREIGN TABLE distant (a int) SERVER far;
CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw;
CREATE CAST (int8 AS timestamp) WITHOUT FUNCTION; CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
SELECT lo_from_bytea(0, 'x'); COMMENT ON EXTENSION hstore IS 'ours';
INSERT INTO orders SELECT g, 'v' || g FROM generate_series(1, 100) g; INSERT INTO checked SELECT 1, 'v'; INSERT INTO reading SELECT 1, 'v';
