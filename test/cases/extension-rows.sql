-- Configuration of an extension (test/support/test-extension.ts lays it there): rows that refer to each other, a condition, names that need
-- quotes, seeds that were changed and dropped since.
-- task: {"chunkMegabytes": 1}
CREATE SCHEMA "Tool Box";
CREATE EXTENSION sampan_jobs WITH SCHEMA "Tool Box";
SET search_path = "Tool Box", public;
UPDATE "Job Kind" SET name = upper(name);
INSERT INTO "Job Kind" (name, labels) SELECT 'own ' || g, ARRAY['a', NULL, g::text] FROM generate_series(1, 300) g;
INSERT INTO job (kind, parent, note) SELECT 2 + g, NULLIF(g - 1, 0), repeat('n', 2000) FROM generate_series(1, 300) g;
DELETE FROM setting WHERE name = 'gone'; UPDATE setting SET value = 'changed' WHERE name = 'changed'; INSERT INTO setting VALUES ('added', 'é"');
INSERT INTO step SELECT g, to_jsonb(repeat('s', 600)), (g % 300 + 1)::int FROM generate_series(1, 5000) g;
CREATE TABLE public.uses (id int PRIMARY KEY, kind int NOT NULL REFERENCES "Job Kind");
INSERT INTO public.uses VALUES (1, 1), (2, 77);
CREATE VIEW public.kinds AS SELECT name FROM "Job Kind" WHERE own;
