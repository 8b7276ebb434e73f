-- Views, functions, procedures, triggers and rules.

CREATE VIEW shop.order_total AS
  SELECT o.id, o.placed_at, o.customer_id, o.state, sum(i."Line Total") AS total, count(*) AS lines
  FROM shop."order" o JOIN shop."Order Items" i ON i."Order" = o.id AND i."Placed At" = o.placed_at
  GROUP BY o.id, o.placed_at, o.customer_id, o.state;
CREATE VIEW shop.customer_value WITH (security_barrier) AS
  SELECT c.id, c.name, c.email, coalesce(sum(t.total), 0) AS spent, count(t.id) AS orders
  FROM shop.customer c LEFT JOIN shop.order_total t ON t.customer_id = c.id
  GROUP BY c.id;
COMMENT ON VIEW shop.customer_value IS 'A view on a view; its GROUP BY needs the primary key';
CREATE VIEW shop.good_review AS SELECT id, product_id, stars FROM shop.review WHERE stars >= 4 WITH LOCAL CHECK OPTION;
CREATE RECURSIVE VIEW shop.category_path (id, path) AS
  SELECT id, name FROM shop.category WHERE parent_id IS NULL
  UNION ALL SELECT c.id, p.path || ' / ' || c.name FROM shop.category c JOIN category_path p ON p.id = c.parent_id;

CREATE MATERIALIZED VIEW analytics.sales_by_month AS
  SELECT date_trunc('month', placed_at AT TIME ZONE 'UTC') AS month, state, sum(total) AS total, count(*) AS orders
  FROM shop.order_total GROUP BY 1, 2;
CREATE UNIQUE INDEX sales_by_month_key ON analytics.sales_by_month (month, state);
COMMENT ON MATERIALIZED VIEW analytics.sales_by_month IS 'Refreshed at night';
CREATE MATERIALIZED VIEW analytics.best_month AS
  SELECT month, sum(total) AS total FROM analytics.sales_by_month GROUP BY month ORDER BY total DESC LIMIT 1;
CREATE MATERIALIZED VIEW analytics.not_yet AS SELECT count(*) AS views FROM shop.page_view WITH NO DATA;

CREATE FUNCTION shop.orders_of(customer bigint, since timestamptz DEFAULT '-infinity') RETURNS SETOF shop.order_total
  LANGUAGE sql STABLE ROWS 5
  BEGIN ATOMIC
    SELECT t.* FROM shop.order_total t WHERE t.customer_id = orders_of.customer AND t.placed_at >= orders_of.since;
  END;
COMMENT ON FUNCTION shop.orders_of(bigint, timestamptz) IS 'A body that the server has parsed: it follows renames';
CREATE FUNCTION shop.find_product(words text, VARIADIC colours text[] DEFAULT '{}') RETURNS TABLE (id integer, name text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shop, public, pg_temp
AS $function$
BEGIN
  RETURN QUERY SELECT p.id, p.name FROM product p
    WHERE p.words @@ plainto_tsquery('simple', find_product.words) AND (cardinality(colours) = 0 OR p.attributes -> 'colour' = ANY (colours));
END
$function$;
CREATE PROCEDURE shop.send_order(INOUT the_order bigint, silent boolean DEFAULT false)
  LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE shop."order" SET state = 'sent' WHERE id = the_order;
  IF NOT silent THEN RAISE NOTICE 'order % is on its way', the_order; END IF;
END
$$;

-- These would change rows, or make new ones, if they fired while rows are copied.
CREATE FUNCTION shop.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := clock_timestamp();
  NEW.name := upper(NEW.name);
  RETURN NEW;
END
$$;
CREATE FUNCTION shop.write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shop.audit_log (what, before) VALUES (TG_OP || ' ' || TG_TABLE_NAME, to_jsonb(OLD));
  RETURN NULL;
END
$$;
CREATE TRIGGER customer_changed BEFORE INSERT OR UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.note_change();
ALTER TABLE shop.customer ENABLE ALWAYS TRIGGER customer_changed;
COMMENT ON TRIGGER customer_changed ON shop.customer IS 'Fires even for replicas';
CREATE TRIGGER order_audit AFTER INSERT OR UPDATE OF state OR DELETE ON shop."order" FOR EACH ROW EXECUTE FUNCTION shop.write_audit();
CREATE TRIGGER stock_low AFTER UPDATE ON shop.stock FOR EACH ROW WHEN (OLD.quantity > 0 AND NEW.quantity = 0) EXECUTE FUNCTION shop.write_audit();
CREATE TRIGGER stock_off AFTER INSERT ON shop.stock FOR EACH ROW EXECUTE FUNCTION shop.write_audit();
ALTER TABLE shop.stock DISABLE TRIGGER stock_off;
CREATE CONSTRAINT TRIGGER payment_audit AFTER INSERT ON shop.payment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.write_audit();

CREATE RULE keep_countries AS ON DELETE TO shop.country DO INSTEAD NOTHING;
CREATE RULE order_total_state AS ON UPDATE TO shop.order_total DO INSTEAD
  UPDATE shop."order" SET state = NEW.state WHERE id = OLD.id AND placed_at = OLD.placed_at;
COMMENT ON RULE keep_countries ON shop.country IS 'Countries stay';
