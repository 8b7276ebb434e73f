-- The same, where Sampan makes the database.
-- nodst:
CREATE VIEW oldcat AS SELECT relhasoids FROM pg_class;
CREATE TABLE ok (a int PRIMARY KEY); INSERT INTO ok VALUES (1);
