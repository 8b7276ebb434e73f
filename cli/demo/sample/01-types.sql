-- The shop: extensions, schemas, types, and the functions that tables need.

CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;

CREATE SCHEMA shop;
CREATE SCHEMA analytics;
CREATE SCHEMA "Archive 2019";
COMMENT ON SCHEMA shop IS 'Everything a small shop needs, and one of every kind of object PostgreSQL has';

CREATE TYPE shop.order_state AS ENUM ('new', 'paid', 'packed', 'sent', 'returned');
ALTER TYPE shop.order_state ADD VALUE 'on hold' BEFORE 'packed';
CREATE TYPE shop.payment_method AS ENUM ('card', 'transfer', 'invoice', 'voucher');

CREATE DOMAIN shop.email AS public.citext
  CONSTRAINT has_an_at CHECK (VALUE OPERATOR(public.~) '^[^@[:space:]]+@[^@[:space:]]+$'::public.citext);
COMMENT ON DOMAIN shop.email IS 'An address, compared without regard to case';
CREATE DOMAIN shop.percentage AS numeric(5, 2) DEFAULT 0 NOT NULL CHECK (VALUE BETWEEN 0 AND 100);

CREATE TYPE shop.amount AS (value numeric(12, 2), currency char(3));
COMMENT ON TYPE shop.amount IS 'Money with its currency';
CREATE TYPE shop.address AS (street text, town text, postcode varchar(10), country char(2));
CREATE TYPE shop.opening_hours AS RANGE (subtype = time);

CREATE FUNCTION shop.add(a shop.amount, b shop.amount) RETURNS shop.amount
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT ROW(coalesce(a.value, 0) + coalesce(b.value, 0), coalesce(a.currency, b.currency))::shop.amount $$;
CREATE OPERATOR shop.+ (LEFTARG = shop.amount, RIGHTARG = shop.amount, FUNCTION = shop.add, COMMUTATOR = OPERATOR(shop.+));
COMMENT ON OPERATOR shop.+ (shop.amount, shop.amount) IS 'Adds two amounts; the first one gives the currency';
CREATE AGGREGATE shop.total(shop.amount) (SFUNC = shop.add, STYPE = shop.amount);

CREATE FUNCTION shop.in_words(a shop.amount) RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
BEGIN
  RETURN format('%s %s', a.currency, to_char(a.value, 'FM999,999,990.00'));
END
$$;
CREATE CAST (shop.amount AS text) WITH FUNCTION shop.in_words(shop.amount) AS ASSIGNMENT;

CREATE SEQUENCE shop.invoice_number AS bigint START 1000 INCREMENT 10 MAXVALUE 99999990 CYCLE CACHE 5;
COMMENT ON SEQUENCE shop.invoice_number IS 'Has been called: the next invoice must not repeat a number';
CREATE SEQUENCE shop.ticket_number MINVALUE -5 START -5;
COMMENT ON SEQUENCE shop.ticket_number IS 'Has never been called';
CREATE SEQUENCE shop.countdown INCREMENT -1 MAXVALUE 100 MINVALUE 1 START 100;
