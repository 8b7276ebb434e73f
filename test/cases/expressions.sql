-- dcheck: SELECT conname, convalidated FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1
-- dcheck: SELECT count(*), min(shown) FROM shown_people
SET check_function_bodies = off;
CREATE SCHEMA helpers;
CREATE FUNCTION helpers.salted(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT md5(''salt'' || $1)';
ALTER DATABASE :"db" SET search_path = public, helpers;
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN public.price AS numeric(8,2) CHECK (VALUE IS NULL OR VALUE >= 0);
CREATE DOMAIN public.code AS varchar(8);
CREATE TYPE public.place AS (street text, number int);
-- One column of every base type, and what is made of them.
CREATE TABLE public.kinds (id int PRIMARY KEY, c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_numeric numeric, c_numeric2 numeric(8,2),
  c_float4 float4, c_float8 float8, c_text text, c_varchar varchar(8), c_char char(6), c_name name, c_bytea bytea, c_date date, c_time time(0),
  c_timetz timetz, c_timestamp timestamp, c_timestamp0 timestamp(0), c_timestamptz timestamptz, c_interval interval, c_uuid uuid, c_json json,
  c_jsonb jsonb, c_inet inet, c_cidr cidr, c_macaddr macaddr, c_bit bit(3), c_varbit varbit(5), c_point point, c_money money, c_tsvector tsvector,
  c_range int4range, c_mood public.mood, c_price public.price, c_code public.code, c_array int[], c_texts text[], c_moods public.mood[],
  c_place public.place, c_oid oid);
INSERT INTO public.kinds SELECT g, g % 2 = 0, g % 100, g, g * 10000000000, g * 1.5, g % 1000 + 0.25, g / 3.0, g / 7.0, 'text ' || g, 'v' || g % 1000,
  'c' || g % 100, 'n' || g, decode(md5(g::text), 'hex'), date '2026-01-01' + g % 300, time '10:00' + g % 100 * interval '1 minute', '10:00+02',
  timestamp '2026-01-01 10:00:00.25' + g * interval '1 hour', timestamp '2026-01-01' + g * interval '1 hour', timestamptz '2026-01-01 10:00+05' + g * interval '1 hour',
  g * interval '1 day', md5(g::text)::uuid, '{"a": 1}', jsonb_build_object('secret', g, 'open', g), '10.0.0.1', '10.0.0.0/8',
  '08:00:2b:01:02:03', b'101', b'10', point(g, g), g::money, to_tsvector('simple', 'word' || g), int4range(g, g + 5), CASE WHEN g % 2 = 0 THEN 'ok' ELSE 'sad' END::public.mood,
  g % 500, 'd' || g % 1000, ARRAY[g, g + 1], ARRAY['x' || g, NULL], ARRAY['ok', 'sad']::public.mood[], ROW('street ' || g, g)::public.place, 1
  FROM generate_series(1, 3000) g;
INSERT INTO public.kinds (id) VALUES (0);
-- A key that is masked on both of its ends, and one that is on one alone.
CREATE TABLE public.people (email text PRIMARY KEY, name varchar(20) NOT NULL, phone char(12), born date,
  CONSTRAINT no_child CHECK (born < '2020-01-01'));
CREATE TABLE public.letters (id int PRIMARY KEY, recipient text CONSTRAINT to_person REFERENCES public.people, body text);
CREATE INDEX ON public.people (lower(name));
INSERT INTO public.people SELECT 'person' || g || '@clear.example', 'name ' || g, '+49 ' || 1000000 + g, date '1950-01-01' + g FROM generate_series(1, 2000) g;
INSERT INTO public.letters SELECT g, 'person' || 1 + g % 2000 || '@clear.example', repeat('clear text ', 20) || g FROM generate_series(1, 4000) g;
CREATE MATERIALIZED VIEW public.shown_people AS SELECT email AS shown FROM public.people WHERE email NOT LIKE '%clear%';
-- Rows that another partition has on the destination.
CREATE TABLE public.visits (id int, at date, who text) PARTITION BY RANGE (at);
CREATE TABLE public.visits_2025 PARTITION OF public.visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.visits_2026 PARTITION OF public.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO public.visits SELECT g, date '2025-01-01' + g % 700, 'clear ' || g FROM generate_series(1, 5000) g;
-- Read by pages, with a filter.
CREATE TABLE public.events (id bigint, who text, amount numeric(10,2));
INSERT INTO public.events SELECT g, repeat('clear ' || g || ' ', 12), g * 0.5 FROM generate_series(1, 30000) g;
ANALYZE;
