-- Who may do what. The roles belong to the server, not to the database: see roles.sql.
-- Rights come last: see 07-statistics.sql.

ALTER TABLE shop.review ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.review FORCE ROW LEVEL SECURITY;
CREATE POLICY own_reviews ON shop.review TO shop_clerk USING (author = CURRENT_USER) WITH CHECK (author = CURRENT_USER AND stars > 0);
CREATE POLICY read_good_ones ON shop.review AS PERMISSIVE FOR SELECT TO shop_reader USING (stars >= 3);
CREATE POLICY never_hidden ON shop.review AS RESTRICTIVE FOR SELECT USING ("select");
COMMENT ON POLICY own_reviews ON shop.review IS 'A clerk sees what the clerk wrote';

GRANT USAGE ON SCHEMA shop, analytics TO shop_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO shop_reader;
REVOKE ALL ON shop.audit_log FROM shop_reader;
GRANT SELECT (id, name), UPDATE (name) ON shop.customer TO shop_clerk;
GRANT INSERT, UPDATE ON shop."order", shop."Order Items" TO shop_clerk WITH GRANT OPTION;
GRANT USAGE ON SEQUENCE shop.invoice_number TO shop_clerk;
REVOKE EXECUTE ON FUNCTION shop.find_product(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.find_product(text, text[]) TO shop_reader;
GRANT USAGE ON TYPE shop.amount TO shop_reader;
GRANT SELECT ON LARGE OBJECT 900001 TO shop_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics GRANT SELECT ON TABLES TO shop_reader;
