-- dst: create extension dblink
-- dst: create extension tablefunc
-- dst: create extension earthdistance cascade
-- dst: create extension pg_stat_statements
-- dst: create extension hstore
-- dst: create extension lo
-- dst: create extension seg
CREATE EXTENSION dblink; CREATE EXTENSION tablefunc; CREATE EXTENSION earthdistance CASCADE; CREATE EXTENSION hstore; CREATE EXTENSION lo; CREATE EXTENSION seg; CREATE EXTENSION pg_stat_statements;
CREATE TABLE t (a int PRIMARY KEY, h hstore, e earth); INSERT INTO t VALUES (1,'a=>1',ll_to_earth(1,1));
