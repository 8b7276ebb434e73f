-- ack: COMPUTED_ANEW
CREATE TEXT SEARCH CONFIGURATION myc (COPY = simple);
CREATE TABLE words (id int PRIMARY KEY, t text, v tsvector GENERATED ALWAYS AS (to_tsvector('public.myc', t)) STORED);
INSERT INTO words (id, t) VALUES (1, 'running foxes'), (2, 'jumping dogs');
ALTER TEXT SEARCH CONFIGURATION myc ALTER MAPPING FOR asciiword WITH english_stem;
CREATE TABLE account (tenant text, amount int);
INSERT INTO account SELECT 't' || g % 3, g FROM generate_series(1, 9) g;
CREATE ROLE tenant59;
ALTER TABLE account OWNER TO tenant59;
CREATE MATERIALIZED VIEW sums AS SELECT tenant, sum(amount) FROM account GROUP BY 1;
ALTER MATERIALIZED VIEW sums OWNER TO tenant59;
ALTER TABLE account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON account USING (tenant = current_user);
CREATE MATERIALIZED VIEW stale AS SELECT id FROM words;
CREATE MATERIALIZED VIEW fresh AS SELECT tenant FROM account;
INSERT INTO words (id, t) VALUES (3, 'late');
-- dstpg: CREATE ROLE tenant59
