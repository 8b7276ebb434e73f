CREATE SCHEMA old;
CREATE TYPE public.level AS ENUM ('low', 'high');
-- The parent's columns are called as the children's are, and a child as its parent.
CREATE TABLE public.people (id int PRIMARY KEY, kept boolean, level public.level, parent int);
INSERT INTO public.people SELECT g, g % 10 > 0, CASE WHEN g % 2 = 0 THEN 'low' ELSE 'high' END::public.level, g FROM generate_series(1, 2000) g;
CREATE TABLE old.people (id int, kept boolean, parent int, CONSTRAINT fkey FOREIGN KEY (parent) REFERENCES public.people);
INSERT INTO old.people SELECT g, g % 2 = 0, CASE WHEN g % 7 > 0 THEN g % 2000 + 1 END FROM generate_series(1, 9000) g;
CREATE TABLE public.orders (shop int, id int, parent int NOT NULL CONSTRAINT fkey REFERENCES public.people, body text, PRIMARY KEY (shop, id));
INSERT INTO public.orders SELECT g % 3, g, g % 2000 + 1, repeat(md5(g::text), 8) FROM generate_series(1, 9000) g;
CREATE TABLE public.lines (id int, shop int, "order" int, CONSTRAINT fkey FOREIGN KEY (shop, "order") REFERENCES public.orders MATCH FULL);
INSERT INTO public.lines SELECT g, CASE WHEN g % 5 > 0 THEN (g % 9000 + 1) % 3 END, CASE WHEN g % 5 > 0 THEN g % 9000 + 1 END FROM generate_series(1, 9999) g;
-- Its rows may lie elsewhere there: it travels through its root.
CREATE TABLE public.alarms (id int, level public.level, parent int CONSTRAINT fkey REFERENCES public.people) PARTITION BY HASH (level);
CREATE TABLE public.alarms_0 PARTITION OF public.alarms FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.alarms_1 PARTITION OF public.alarms FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO public.alarms SELECT g, CASE WHEN g % 2 = 0 THEN 'low' ELSE 'high' END::public.level, g FROM generate_series(1, 1000) g;
CREATE TABLE public.days (day int PRIMARY KEY, kept boolean) PARTITION BY RANGE (day);
CREATE TABLE public.days_1 PARTITION OF public.days FOR VALUES FROM (0) TO (50);
CREATE TABLE public.days_2 PARTITION OF public.days FOR VALUES FROM (50) TO (100);
INSERT INTO public.days SELECT g, g % 3 > 0 FROM generate_series(0, 99) g;
CREATE TABLE public.visits (id int, day int CONSTRAINT fkey REFERENCES public.days) PARTITION BY RANGE (id);
CREATE TABLE public.visits_1 PARTITION OF public.visits FOR VALUES FROM (0) TO (500);
CREATE TABLE public.visits_2 PARTITION OF public.visits FOR VALUES FROM (500) TO (1000);
INSERT INTO public.visits SELECT g, g % 100 FROM generate_series(1, 999) g;
CREATE TABLE public.tree (id int PRIMARY KEY, above int CONSTRAINT fkey REFERENCES public.tree);
INSERT INTO public.tree SELECT g, NULLIF(g - 1, 0) FROM generate_series(1, 10) g;
-- Compared by the parent's collation, as the key compares them.
CREATE TABLE public.words (word text COLLATE "C" PRIMARY KEY, kept boolean);
INSERT INTO public.words SELECT 'w' || g, g % 3 > 0 FROM generate_series(1, 99) g;
CREATE TABLE public.uses (id int, word text COLLATE "POSIX" CONSTRAINT fkey REFERENCES public.words);
INSERT INTO public.uses SELECT g, 'w' || g % 99 + 1 FROM generate_series(1, 300) g;
ANALYZE public.lines;
